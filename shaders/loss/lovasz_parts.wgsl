// Parts of the Lovász-softmax: each the sum of weight · error over some pixels and all classes.
// Bindings: 0 logits [P,C] vec4f read · 1 labels [P] bytes, four to a word, read · 2 softmax statistics [P] vec2f read ·
// 3 weights [C,BUCKETS,2] read · 4 parts f32 write.
// Schedule: an invocation takes every PARTS-th pixel. Bound: C loads of weights and C exp per pixel.
#include lib/grid.wgsl
#include lib/labelled_softmax.wgsl
#include lib/lovasz_buckets.wgsl

const PARTS: u32 = 1u;
const FIRST_PART: u32 = 0u;

@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> parts: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let part = gridIndex(workgroup, workgroups, local, 64u);
  if (part >= PARTS) {
    return;
  }
  var sums = vec4f(0.0);
  for (var pixel = part; pixel < PIXELS; pixel += PARTS) {
    let id = classOf(pixel);
    if (id == NO_CLASS) {
      continue;
    }
    for (var v = 0u; v < VECTORS; v++) {
      let goal = oneHot(v, id);
      let error = errors(probabilities(pixel, v), goal);
      let at = min(places(v, error, goal), vec4u(2u * CLASSES * BUCKETS - 1u));
      let weight = vec4f(weights[at.x], weights[at.y], weights[at.z], weights[at.w]);
      sums += select(weight * error, vec4f(0.0), isPadding(v));
    }
  }
  parts[FIRST_PART + part] = (sums.x + sums.y) + (sums.z + sums.w);
}
