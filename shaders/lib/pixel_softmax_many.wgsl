// The probabilities of the classes at single pixels, from their logits, for many classes. The including file declares
// VECTORS and values: array<vec4f>, the logits, and includes lib/class_lanes.wgsl.

// The largest logit of a pixel, and the sum of the exponentials from it on.
fn normalizerOf(pixel: u32) -> vec2f {
  let start = pixel * VECTORS;
  var largest4 = vec4f(values[start].x);
  for (var vector = 0u; vector < VECTORS; vector++) {
    largest4 = select(largest4, max(largest4, values[start + vector]), isClass(vector));
  }
  let largest = max(max(largest4.x, largest4.y), max(largest4.z, largest4.w));
  var sum4 = vec4f(0.0);
  for (var vector = 0u; vector < VECTORS; vector++) {
    sum4 += exponentials(pixel, vector, largest);
  }
  return vec2f(largest, (sum4.x + sum4.y) + (sum4.z + sum4.w));
}

fn exponentials(pixel: u32, vector: u32, largest: f32) -> vec4f {
  return select(vec4f(0.0), exp(values[pixel * VECTORS + vector] - largest), isClass(vector));
}

fn probabilitiesOf(pixel: u32, vector: u32, normalizer: vec2f) -> vec4f {
  return exponentials(pixel, vector, normalizer.x) / normalizer.y;
}
