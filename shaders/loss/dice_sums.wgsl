// The sums of the dice loss over runs of pixels: for each class Σ p·t, and Σ (p + t), where p is the probability and t
// is 1 at the pixel's class. Pixels that do not count are left out.
// Bindings: 0 probabilities [P,C] vec4f read · 1 labels [P] bytes, four to a word, read · 2 partial [SPLITS,2,C] vec4f
// write.
// Schedule: one invocation adds four classes of one run. A second launch adds the runs in fixed order.
// Bound: a load per pixel and class.
#include lib/grid.wgsl
#include lib/labelled_pixels.wgsl

const SPLITS: u32 = 1u;
const PIXELS_PER_SPLIT: u32 = 1u;

@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= SPLITS * VECTORS) {
    return;
  }
  let vector = index % VECTORS;
  let split = index / VECTORS;
  let first = split * PIXELS_PER_SPLIT;
  var products = vec4f(0.0);
  var sums = vec4f(0.0);
  for (var pixel = first; pixel < min(first + PIXELS_PER_SPLIT, PIXELS); pixel++) {
    let id = classOf(pixel);
    if (id != NO_CLASS) {
      let goal = oneHot(vector, id);
      let probability = values[pixel * VECTORS + vector];
      products = fma(probability, goal, products);
      sums += probability + goal;
    }
  }
  partial[2u * split * VECTORS + vector] = products;
  partial[2u * split * VECTORS + VECTORS + vector] = sums;
}
