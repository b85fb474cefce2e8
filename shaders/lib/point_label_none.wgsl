// The label of a point in backproject.wgsl: that of its pixel.
fn pointLabel(scan: u32, pixel: u32, range: f32) -> u32 {
  return labelAt(scan, pixel);
}
