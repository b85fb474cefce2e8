// Histograms of the errors of the Lovász-softmax: for each class and bucket of the error, how many pixels of that class
// (foreground) and how many of the others (background) have such an error. Pixels without a label have none. The
// probabilities come from the logits, as softmax. This is for few classes; for many there is
// lovasz_histogram_many.wgsl. The background of the lowest bucket is not counted: a trained network has nearly all
// pixels there. It is what the other counts leave of all pixels (lovasz_weights.wgsl).
// Bindings: 0 logits [P,C] vec4f read · 1 labels [P] bytes, four to a word, read · 2 counts [2,C,BUCKETS] u32, read and
// added to. Sums of whole numbers do not depend on their order, so atomics give the same result every time.
// Schedule: one invocation per pixel holds its classes. Bound: up to C atomics per pixel.
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
  let pixel = gridIndex(workgroup, workgroups, local, 64u);
  if (pixel >= PIXELS) {
    return;
  }
  let id = classOf(pixel);
  if (id == NO_CLASS) {
    return;
  }
#include lib/pixel_softmax.wgsl
  var own = 0.0;
  #unroll v in 0..VECTORS {
    own += dot(oneHot($v, id), p$v);
    let at$v = backgroundPlaces($v, p$v);
    #unroll k in 0..4 {
      if ($(4 * v + k) < CLASSES && $(4 * v + k)u != id && at$v[$k] % BUCKETS != 0u) {
        atomicAdd(&counts[at$v[$k]], 1u);
      }
    }
  }
  atomicAdd(&counts[foregroundPlace(id, 1.0 - own)], 1u);
}
