// Gradient of the Lovász-softmax at the logits: dlogits[p,c] = g · p_c · (d_c − Σ_k d_k·p_k), where d_c is the weight of
// the pixel's error at class c, negative for the pixel's own class. It is 0 at pixels that do not count.
// Bindings: 0 logits [P,C] vec4f read · 1 labels [P] bytes, four to a word, read · 2 softmax statistics [P] vec2f read ·
// 3 weights [C,BUCKETS,2] read · 4 g [1] read · 5 dlogits [P,C] vec4f write, read again by the same invocation.
// Schedule: one invocation per pixel. Bound: C loads of weights and 2·C exp per pixel.
#include lib/grid.wgsl
#include lib/labelled_softmax.wgsl
#include lib/lovasz_buckets.wgsl

@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> outputGradient: array<f32>;
@group(0) @binding(5) var<storage, read_write> logitsGradient: array<vec4f>;

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
    let goal = oneHot(v, id);
    let probability = probabilities(pixel, v);
    let at = min(places(v, errors(probability, goal), goal), vec4u(2u * CLASSES * BUCKETS - 1u));
    let weight = vec4f(weights[at.x], weights[at.y], weights[at.z], weights[at.w]);
    let slope = select(weight, -weight, goal == vec4f(1.0));
    products = fma(slope, probability, products);
    logitsGradient[first + v] = slope;
  }
  let mean = (products.x + products.y) + (products.z + products.w);
  for (var v = 0u; v < VECTORS; v++) {
    let slope = logitsGradient[first + v];
    logitsGradient[first + v] = outputGradient[0] * probabilities(pixel, v) * (slope - mean);
  }
}
