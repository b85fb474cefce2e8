// The last step of arg_max.wgsl: the class of the largest score, the first on ties.
fn bestClass(image: u32, row: u32, column: u32) -> u32 {
  return topScore(image, row, column).id;
}
