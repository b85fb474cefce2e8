// The soft label of a pixel for assign_soft_labels.wgsl, with the scores of few classes in registers.
fn assignPixel(pixel: u32, image: u32, row: u32, column: u32) -> u32 {
  return assign(pixel - firstPixel(), classScores(image, row, column));
}

fn assign(pixel: u32, scores: array<vec4f, CLASS_VECTORS>) -> u32 {
  var label = 0u;
  var best = 0u;
  var most = LOWEST;
  #unroll v in 0..CLASS_VECTORS {
    var logs$v = vec4f(LOWEST);
    #unroll k in 0..4 {
      if ($(v * 4 + k)u < CLASSES) {
        let threshold = thresholds[$(v * 4 + k)u];
        logs$v[$k] = logWeight(scores[$v][$k], threshold);
        most = max(most, logs$v[$k]);
        // Soft labels have the same order as the quotients. The quotients are exact, so the hard label is taken from
        // them.
        let quotient = exactQuotient(max(scores[$v][$k], 0.0), bitcast<f32>(threshold.x));
        if (quotient > best) {
          best = quotient;
          label = $(v * 4 + k)u;
        }
      }
    }
  }
  var total = vec4f(0.0);
  #unroll v in 0..CLASS_VECTORS {
    let weights$v = select(vec4f(0.0), exp2(max(logs$v - most, vec4f(-140.0))), logs$v > vec4f(LOWEST));
    total += weights$v;
  }
  // A pixel without any score has no weight at all, and must not divide by 0.
  let sum = max(total.x + total.y + total.z + total.w, 1e-30);
  let isUsed = most + log2(sum) > 0.0;
  enterShares();
  #unroll v in 0..CLASS_VECTORS { storeShares(pixel, $(v + 0)u, weights$v / sum); }
  leaveShares(pixel, isUsed);
  return select(255u, label, isUsed);
}
