// The last step of class_probabilities.wgsl, with the scores of few classes in registers.
fn writeScores(index: u32, image: u32, row: u32, column: u32) {
  let count = range[1];
  let scores = classScores(image, row, column);
  #unroll v in 0..CLASS_VECTORS {
    #unroll k in 0..4 {
      if ($(v * 4 + k)u < CLASSES) {
        y[$(v * 4 + k)u * count + index] = scores[$v][$k];
      }
    }
  }
}
