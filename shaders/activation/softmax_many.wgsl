// The same as softmax.wgsl, for many channels: y[p, c] = exp(x[p, c] − m) / Σ_k exp(x[p, k] − m), where m is the
// largest x of the pixel.
// Bindings: 0 x [PIXELS, VECTORS] read · 1 y [PIXELS, VECTORS] write. vec4f over CLASSES channels. Padding channels
// take no part in the sum and are written as 0.
// Schedule: one invocation per pixel walks three times over its channels: for m, for the sum, for the results.
// Bound: loads, and two exp per element.
#include lib/class_lanes.wgsl
#include lib/grid.wgsl
#include lib/pixel_softmax_many.wgsl

const PIXELS: u32 = 1u;
const VECTORS: u32 = 1u;

@group(0) @binding(0) var<storage, read> values: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

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
  let normalizer = normalizerOf(pixel);
  for (var vector = 0u; vector < VECTORS; vector++) {
    y[pixel * VECTORS + vector] = probabilitiesOf(pixel, vector, normalizer);
  }
}
