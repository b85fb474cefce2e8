// Makes floats of 32 bits from values in 16 bits.
// Bindings: 0 x read, two words of two halves for each vec4f · 1 y write, vec4f.
// Schedule: one invocation per vec4f. Bound: 6 bytes per element.
#include lib/grid.wgsl

const VECTORS: u32 = 1u;

@group(0) @binding(0) var<storage, read> x: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index < VECTORS) {
    y[index] = vec4f(unpack2x16float(x[index].x), unpack2x16float(x[index].y));
  }
}
