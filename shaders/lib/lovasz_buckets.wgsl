// Where the errors of the Lovász-softmax are counted, and what they weigh. The error of a pixel is 1 − p at its own
// class (foreground) and p at any other (background), where p is the probability. The tables have the background of all
// classes first, then their foreground: most pixels of a class are background, and what is used often lies close
// together.
const BUCKETS: u32 = 65536u;

fn bucketsOf(errors: vec4f) -> vec4u {
  return min(vec4u(errors * f32(BUCKETS)), vec4u(BUCKETS - 1u));
}

// The places of the background of four classes. Where there is no class, those of the last.
fn backgroundPlaces(vector: u32, probabilities: vec4f) -> vec4u {
  return min(classIds(vector), vec4u(CLASSES - 1u)) * BUCKETS + bucketsOf(probabilities);
}

fn foregroundPlace(id: u32, error: f32) -> u32 {
  return (CLASSES + id) * BUCKETS + bucketsOf(vec4f(error)).x;
}
