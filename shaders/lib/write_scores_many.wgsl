// The last step of class_probabilities.wgsl, with the scores of many classes computed when asked for.
fn writeScores(index: u32, image: u32, row: u32, column: u32) {
  enterPixel(image, row, column);
  for (var v = 0u; v < CLASS_VECTORS; v++) {
    let scores = scoreOf(v);
    #unroll k in 0..4 {
      if (4u * v + $(k + 0)u < CLASSES) {
        y[(4u * v + $(k + 0)u) * range[1] + index] = scores[$k];
      }
    }
  }
}
