// The errors of the Lovász-softmax and their buckets. The error of a pixel at a class is |t − p|, where t is 1 for the
// pixel's own class (foreground) and else 0, and p the probability. The table has two places for each class and bucket:
// that of the foreground, then that of the background.
const BUCKETS: u32 = 65536u;

// The places of four errors in the table. Where there is no class, a place beyond it, or the last.
fn places(vector: u32, error: vec4f, goal: vec4f) -> vec4u {
  let bucket = min(vec4u(error * f32(BUCKETS)), vec4u(BUCKETS - 1u));
  return 2u * (classes(vector) * BUCKETS + bucket) + select(vec4u(1u), vec4u(0u), goal == vec4f(1.0));
}
