// Gradient of the Lovász-softmax at the probabilities: dp[p,c] = g · weight of the pixel's error at class c, negative for
// the pixel's own class. It is 0 at pixels that do not count.
// Bindings: 0 probabilities [P,C] vec4f read · 1 labels [P] bytes, four to a word, read · 2 weights [C,BUCKETS,2] read ·
// 3 g [1] read · 4 dp [P,C] vec4f write.
// Schedule: one invocation per pixel and four classes, all pixels of the first four classes first. Bound: a load of a
// probability and one of a weight per pixel and class.
#include lib/grid.wgsl
#include lib/labelled_pixels.wgsl
#include lib/lovasz_weights.wgsl

@group(0) @binding(3) var<storage, read> outputGradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= PIXELS * VECTORS) {
    return;
  }
  let vector = index / PIXELS;
  let pixel = index % PIXELS;
  let at = pixel * VECTORS + vector;
  let id = classOf(pixel);
  var slope = vec4f(0.0);
  if (id != NO_CLASS) {
    let goal = oneHot(vector, id);
    let weight = weightsOf(vector, abs(goal - probabilities[at]), goal);
    slope = select(weight, -weight, goal == vec4f(1.0));
  }
  gradient[at] = select(vec4f(0.0), outputGradient[0] * slope, classes(vector) < vec4u(CLASSES));
}
