// A whole number that stands as two halves.
fn wholeOf(halves: vec2f) -> u32 {
  return (u32(i32(halves.x)) << 16u) | u32(halves.y);
}
