// One part of a concatenation along channels: y[p, TO + v] = x[p, v], where p is a pixel and v a vec4f of channels.
// Bindings: 0 x [PIXELS, VECTORS] read · 1 y [PIXELS, OUTPUT_VECTORS] write, as vec4f.
// Schedule: one launch per part, one invocation per vec4f of the part. Bound: 8 bytes per element. This kernel needs a
// part that starts at a multiple of 4 channels. concat_unaligned.wgsl copies the others.
#include lib/grid.wgsl

const PIXELS: u32 = 1u;
const VECTORS: u32 = 1u;
const OUTPUT_VECTORS: u32 = 1u;
const TO: u32 = 0u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index < PIXELS * VECTORS) {
    y[index / VECTORS * OUTPUT_VECTORS + TO + index % VECTORS] = x[index];
  }
}
