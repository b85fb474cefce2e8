// The same as lovasz_slopes.wgsl, for many classes: the Lovász-softmax in parts, and its gradient at the logits.
// Bindings: 0 logits [P,C] vec4f read · 1 labels [P] bytes, four to a word, read · 2 weights [2,C,BUCKETS] read · 3 y
// [P,C] vec4f write · 4 parts f32 write.
// Schedule: as there, with four walks over the classes of a pixel. y holds the slopes in between. Bound: as there.
#include lib/grid.wgsl
#include lib/labelled_pixels.wgsl
#include lib/lovasz_buckets.wgsl
#include lib/pixel_softmax_many.wgsl
#include WEIGHTS

const PARTS: u32 = 64u;
const PIXELS_PER_PART: u32 = 1u;

@group(0) @binding(3) var<storage, read_write> slopes: array<vec4f>;
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
  let first = part / 64u * 64u * PIXELS_PER_PART + part % 64u;
  var loss = 0.0;
  for (var pixel = first; pixel < min(first + 64u * PIXELS_PER_PART, PIXELS); pixel += 64u) {
    loss += lossOf(pixel);
  }
  parts[part] = loss;
}

// The loss at a pixel; writes its slopes.
fn lossOf(pixel: u32) -> f32 {
  let id = classOf(pixel);
  let normalizer = normalizerOf(pixel);
  let counts = id != NO_CLASS;
  var products = 0.0;
  var ownWeight = 0.0;
  for (var vector = 0u; vector < VECTORS; vector++) {
    let probabilities = probabilitiesOf(pixel, vector, normalizer);
    if (id / 4u == vector) {
      ownWeight = weightAt(foregroundPlace(id, 1.0 - probabilities[id % 4u]));
    }
    let at = backgroundPlaces(vector, probabilities);
    let found = vec4f(#unroll k in 0..4 { weightAt(at[$k]), });
    let slope = select(select(vec4f(0.0), found, counts), vec4f(-ownWeight), classIds(vector) == vec4u(id));
    products += dot(slope, probabilities);
    slopes[pixel * VECTORS + vector] = slope;
  }
  for (var vector = 0u; vector < VECTORS; vector++) {
    let at = pixel * VECTORS + vector;
    slopes[at] = probabilitiesOf(pixel, vector, normalizer) * (slopes[at] - products);
  }
  return products + ownWeight;
}
