// The soft label of a pixel for assign_soft_labels.wgsl, with the scores of many classes computed when asked for. Where
// the soft label will be, the logarithms of the weights are kept first, and then the weights.
fn assignPixel(pixel: u32, image: u32, row: u32, column: u32) -> u32 {
  enterPixel(image, row, column);
  let start = pixel * CLASS_VECTORS;
  var label = 0u;
  var best = 0u;
  var most = LOWEST;
  for (var v = 0u; v < CLASS_VECTORS; v++) {
    let scores = scoreOf(v);
    var logs = vec4f(LOWEST);
    #unroll k in 0..4 {
      if (4u * v + $(k + 0)u < CLASSES) {
        let threshold = thresholds[4u * v + $(k + 0)u];
        logs[$k] = logWeight(scores[$k], threshold);
        most = max(most, logs[$k]);
        // As in lib/assign_soft_labels.wgsl.
        let quotient = exactQuotient(max(scores[$k], 0.0), bitcast<f32>(threshold.x));
        if (quotient > best) {
          best = quotient;
          label = 4u * v + $(k + 0)u;
        }
      }
    }
    soft[start + v] = logs;
  }
  var total = vec4f(0.0);
  for (var v = 0u; v < CLASS_VECTORS; v++) {
    let logs = soft[start + v];
    let weights = select(vec4f(0.0), exp2(max(logs - most, vec4f(-140.0))), logs > vec4f(LOWEST));
    total += weights;
    soft[start + v] = weights;
  }
  let sum = max(total.x + total.y + total.z + total.w, 1e-30);
  for (var v = 0u; v < CLASS_VECTORS; v++) {
    soft[start + v] /= sum;
  }
  return select(255u, label, most + log2(sum) > 0.0);
}
