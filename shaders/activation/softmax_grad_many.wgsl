// The same as softmax_grad.wgsl, for many channels: dx[p, c] = y[p, c] · (dy[p, c] − Σ_k y[p, k] · dy[p, k]).
// Bindings: 0 y [PIXELS, VECTORS] read · 1 dy [PIXELS, VECTORS] read · 2 dx [PIXELS, VECTORS] write, as vec4f. y is 0
// in the padding, so dx is too.
// Schedule: one invocation per pixel, two walks over its channels. Bound: loads.
#include lib/grid.wgsl

const PIXELS: u32 = 1u;
const VECTORS: u32 = 1u;

@group(0) @binding(0) var<storage, read> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> inputGradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let pixel = gridIndex(workgroup, workgroups, local, 64u);
  if (pixel >= PIXELS) {
    return;
  }
  let start = pixel * VECTORS;
  var sum = 0.0;
  for (var at = start; at < start + VECTORS; at++) {
    sum += dot(y[at], outputGradient[at]);
  }
  for (var at = start; at < start + VECTORS; at++) {
    inputGradient[at] = y[at] * (outputGradient[at] - sum);
  }
}
