// Stores values in 16 bits: y = x rounded to the nearest half float. A value that is too large becomes the largest
// half.
// Bindings: 0 x read, vec4f · 1 y write, two words of two halves for each vec4f.
// Schedule: one invocation per vec4f. Bound: 6 bytes per element.
#include lib/grid.wgsl

const VECTORS: u32 = 1u;
const LARGEST = vec4f(65504.0);

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec2u>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index < VECTORS) {
    let value = clamp(x[index], -LARGEST, LARGEST);
    y[index] = vec2u(pack2x16float(value.xy), pack2x16float(value.zw));
  }
}
