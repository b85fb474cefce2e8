// The same as lovasz_histogram.wgsl, for many classes: how many pixels have which error, as foreground and as
// background.
// Bindings: 0 logits [P,C] vec4f read · 1 labels [P] bytes, four to a word, read · 2 counts [2,C,BUCKETS] u32, read and
// added to.
// Schedule: one invocation per pixel, three walks over its classes. Bound: up to C atomics per pixel.
#include lib/grid.wgsl
#include lib/labelled_pixels.wgsl
#include lib/lovasz_buckets.wgsl
#include lib/pixel_softmax_many.wgsl

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
  let normalizer = normalizerOf(pixel);
  var own = 0.0;
  for (var vector = 0u; vector < VECTORS; vector++) {
    let probabilities = probabilitiesOf(pixel, vector, normalizer);
    own += dot(oneHot(vector, id), probabilities);
    let at = backgroundPlaces(vector, probabilities);
    #unroll k in 0..4 {
      if (4u * vector + $k < CLASSES && 4u * vector + $k != id && at[$k] % BUCKETS != 0u) {
        atomicAdd(&counts[at[$k]], 1u);
      }
    }
  }
  atomicAdd(&counts[foregroundPlace(id, 1.0 - own)], 1u);
}
