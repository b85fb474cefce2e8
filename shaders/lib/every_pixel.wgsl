// The pixels that the selection looks at where images have no empty ones: all. Range images have lib/zones.wgsl
// instead.
fn isFilled(pixel: u32) -> bool {
  return true;
}

// The list in which a pixel is ranked whose largest score is that of class `id`.
fn listOf(pixel: u32, id: u32) -> u32 {
  return id;
}

fn enterZone(pixel: u32) {
}

// Where the thresholds of a pixel begin.
fn firstThreshold() -> u32 {
  return 0u;
}
