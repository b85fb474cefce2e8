// Histograms of the errors of the Lovász-softmax: for each class and bucket of the error, how many pixels of that class
// (foreground) and how many of the others (background) have such an error. Pixels without a label have none.
// The background of the lowest bucket is not counted: a trained network has nearly all pixels there. It is what the
// other counts leave of all pixels (lovasz_weights.wgsl).
// Bindings: 0 logits [P,C] vec4f read · 1 labels [P] bytes, four to a word, read · 2 softmax statistics [P] vec2f read ·
// 3 counts [C,BUCKETS,2] u32, read and added to. Sums of whole numbers do not depend on their order, so atomics
// give the same result every time.
// Schedule: one invocation per pixel. Bound: up to C atomics and C exp per pixel.
#include lib/grid.wgsl
#include lib/labelled_softmax.wgsl
#include lib/lovasz_buckets.wgsl

@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>>;

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
  let id = classOf(pixel);
  if (id == NO_CLASS) {
    return;
  }
  for (var v = 0u; v < VECTORS; v++) {
    let goal = oneHot(v, id);
    let at = places(v, errors(probabilities(pixel, v), goal), goal);
    #unroll k in 0..4 {
      // Place 1 is the background of the lowest bucket.
      if (4u * v + $k < CLASSES && at[$k] % (2u * BUCKETS) != 1u) {
        atomicAdd(&counts[at[$k]], 1u);
      }
    }
  }
}
