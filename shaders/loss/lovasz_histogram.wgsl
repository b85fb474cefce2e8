// Histograms of the errors of the Lovász-softmax: for each class and bucket of the error, how many pixels of that class
// (foreground) and how many of the others (background) have such an error. Pixels without a label have none.
// The background of the lowest bucket is not counted: a trained network has nearly all pixels there. It is what the
// other counts leave of all pixels (lovasz_weights.wgsl).
// Bindings: 0 probabilities [P,C] vec4f read · 1 labels [P] bytes, four to a word, read · 2 counts [C,BUCKETS,2] u32, read
// and added to. Sums of whole numbers do not depend on their order, so atomics give the same result every time.
// Schedule: one invocation per pixel and four classes, all pixels of the first four classes first: their part of the table
// is all that a cache must hold. Bound: up to C atomics per pixel.
#include lib/grid.wgsl
#include lib/labelled_pixels.wgsl
#include lib/lovasz_buckets.wgsl

@group(0) @binding(2) var<storage, read_write> counts: array<atomic<u32>>;

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
  let id = classOf(pixel);
  if (id == NO_CLASS) {
    return;
  }
  let goal = oneHot(vector, id);
  let at = places(vector, abs(goal - probabilities[pixel * VECTORS + vector]), goal);
  #unroll k in 0..4 {
    // Place 1 is the background of the lowest bucket.
    if (4u * vector + $k < CLASSES && at[$k] % (2u * BUCKETS) != 1u) {
      atomicAdd(&counts[at[$k]], 1u);
    }
  }
}
