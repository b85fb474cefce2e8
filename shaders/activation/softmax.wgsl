// Softmax over the channels of each pixel p: y[p, c] = exp(x[p, c] − m) / Σ_k exp(x[p, k] − m), where m is the largest
// x of the pixel. This is for few channels, which fit registers; for many there is softmax_many.wgsl.
// Bindings: 0 x [PIXELS, VECTORS] read · 1 y [PIXELS, VECTORS] write. vec4f over CHANNELS channels. Padding channels
// take no part in the sum and are written as 0.
// Schedule: one invocation per pixel holds its channels. Bound: one load, one exp and one store per element.
#include lib/grid.wgsl

const PIXELS: u32 = 1u;
const VECTORS: u32 = 1u;
const CHANNELS: u32 = 4u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

fn isChannel(vector: u32) -> vec4<bool> {
  return vec4u(vector * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(CHANNELS);
}

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
  #unroll v in 0..VECTORS {
    let x$v = x[start + $v];
  }
  var largest4 = vec4f(x0.x);
  #unroll v in 0..VECTORS {
    largest4 = select(largest4, max(largest4, x$v), isChannel($v));
  }
  let largest = max(max(largest4.x, largest4.y), max(largest4.z, largest4.w));
  var sum4 = vec4f(0.0);
  #unroll v in 0..VECTORS {
    let e$v = select(vec4f(0.0), exp(x$v - largest), isChannel($v));
    sum4 += e$v;
  }
  let sum = (sum4.x + sum4.y) + (sum4.z + sum4.w);
  #unroll v in 0..VECTORS {
    y[start + $v] = e$v / sum;
  }
}
