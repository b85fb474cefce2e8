// Gradient of the dice loss at the logits: dlogits[p,c] = g · p_c · (d_c − Σ_k d_k·p_k), where
// d_c = (2/C) · (i_c / (u_c + SMOOTHING)² − t_c / (u_c + SMOOTHING)) is its gradient at the probability p_c. It is 0 at
// pixels that do not count.
// Bindings: 0 logits [P,C] vec4f read · 1 labels [P] bytes, four to a word, read · 2 softmax statistics [P] vec2f read ·
// 3 sums [2,C] vec4f read: i = Σ p·t, then u = Σ (p + t) · 4 g [1] read · 5 dlogits [P,C] vec4f write.
// Schedule: one invocation per pixel. Bound: 2·C exp per pixel.
#include lib/grid.wgsl
#include lib/labelled_softmax.wgsl

const SMOOTHING: f32 = 0.0001f;

@group(0) @binding(3) var<storage, read> sums: array<vec4f>;
@group(0) @binding(4) var<storage, read> outputGradient: array<f32>;
@group(0) @binding(5) var<storage, read_write> logitsGradient: array<vec4f>;

fn slope(vector: u32, id: u32) -> vec4f {
  let factor = 1.0 / (sums[VECTORS + vector] + SMOOTHING);
  return (sums[vector] * factor - oneHot(vector, id)) * factor * (2.0 / f32(CLASSES));
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
  let first = pixel * VECTORS;
  let id = classOf(pixel);
  if (id == NO_CLASS) {
    for (var v = 0u; v < VECTORS; v++) {
      logitsGradient[first + v] = vec4f(0.0);
    }
    return;
  }
  var products = vec4f(0.0);
  for (var v = 0u; v < VECTORS; v++) {
    products = fma(slope(v, id), probabilities(pixel, v), products);
  }
  let mean = (products.x + products.y) + (products.z + products.w);
  for (var v = 0u; v < VECTORS; v++) {
    logitsGradient[first + v] = outputGradient[0] * probabilities(pixel, v) * (slope(v, id) - mean);
  }
}
