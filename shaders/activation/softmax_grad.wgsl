// Input gradient of softmax over channels: dx[p, c] = y[p, c] · (dy[p, c] − Σ_k y[p, k] · dy[p, k]). This is for few
// channels, which fit registers; for many there is softmax_grad_many.wgsl.
// Bindings: 0 y [PIXELS, VECTORS] read · 1 dy [PIXELS, VECTORS] read · 2 dx [PIXELS, VECTORS] write, as vec4f. y is 0
// in the padding, so dx is too.
// Schedule: one invocation per pixel holds its channels. Bound: two loads and a store per element.
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
  #unroll v in 0..VECTORS {
    let y$v = y[start + $v];
    let dy$v = outputGradient[start + $v];
    sum += dot(y$v, dy$v);
  }
  #unroll v in 0..VECTORS {
    inputGradient[start + $v] = y$v * (dy$v - sum);
  }
}
