// Parts of the Lovász-softmax: each the sum of weight · error over some pixels, of four classes.
// Bindings: 0 probabilities [P,C] vec4f read · 1 labels [P] bytes, four to a word, read · 2 weights [C,BUCKETS,2] read ·
// 3 parts f32 write.
// Schedule: an invocation takes every RUNS-th pixel, of four classes; those of the first four classes come first. Bound: a
// load of a probability and one of a weight per pixel and class.
#include lib/grid.wgsl
#include lib/labelled_pixels.wgsl
#include lib/lovasz_weights.wgsl

const RUNS: u32 = 1u;
const FIRST_PART: u32 = 0u;

@group(0) @binding(3) var<storage, read_write> parts: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let part = gridIndex(workgroup, workgroups, local, 64u);
  if (part >= RUNS * VECTORS) {
    return;
  }
  let vector = part / RUNS;
  var sums = vec4f(0.0);
  for (var pixel = part % RUNS; pixel < PIXELS; pixel += RUNS) {
    let id = classOf(pixel);
    if (id != NO_CLASS) {
      let goal = oneHot(vector, id);
      let error = abs(goal - probabilities[pixel * VECTORS + vector]);
      sums = fma(weightsOf(vector, error, goal), error, sums);
    }
  }
  // The error is 0 where there is no class.
  parts[FIRST_PART + part] = (sums.x + sums.y) + (sums.z + sums.w);
}
