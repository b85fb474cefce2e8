// The soft label of a pixel for assign_soft_labels.wgsl, with the scores of many classes computed when asked for: for
// the largest weight, for the sum of the weights, and for the shares.
fn logsOf(vector: u32) -> vec4f {
  let scores = scoreOf(vector);
  var logs = vec4f(LOWEST);
  #unroll k in 0..4 {
    if (4u * vector + $(k + 0)u < CLASSES) {
      logs[$k] = logWeight(scores[$k], thresholds[4u * vector + $(k + 0)u]);
    }
  }
  return logs;
}

fn weightsOf(vector: u32, most: f32) -> vec4f {
  let logs = logsOf(vector);
  return select(vec4f(0.0), exp2(max(logs - most, vec4f(-140.0))), logs > vec4f(LOWEST));
}

fn assignPixel(pixel: u32, image: u32, row: u32, column: u32) -> u32 {
  enterPixel(image, row, column);
  var label = 0u;
  var best = 0u;
  var most = LOWEST;
  for (var v = 0u; v < CLASS_VECTORS; v++) {
    let scores = scoreOf(v);
    let logs = logsOf(v);
    #unroll k in 0..4 {
      if (4u * v + $(k + 0)u < CLASSES) {
        most = max(most, logs[$k]);
        // As in lib/assign_soft_labels.wgsl.
        let quotient = exactQuotient(max(scores[$k], 0.0), bitcast<f32>(thresholds[4u * v + $(k + 0)u].x));
        if (quotient > best) {
          best = quotient;
          label = 4u * v + $(k + 0)u;
        }
      }
    }
  }
  var total = vec4f(0.0);
  for (var v = 0u; v < CLASS_VECTORS; v++) {
    total += weightsOf(v, most);
  }
  let sum = max(total.x + total.y + total.z + total.w, 1e-30);
  let isUsed = most + log2(sum) > 0.0;
  enterShares();
  for (var v = 0u; v < CLASS_VECTORS; v++) {
    storeShares(pixel - firstPixel(), v, weightsOf(v, most) / sum);
  }
  leaveShares(pixel - firstPixel(), isUsed);
  return select(255u, label, isUsed);
}
