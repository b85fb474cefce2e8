// The label of a pixel for assign_labels.wgsl, with the scores of many classes computed when asked for.
fn quotients(vector: u32) -> vec4f {
  return select(vec4f(-1.0), scoreOf(vector) / thresholds[firstThreshold() + vector], isClass(vector));
}

fn assignPixel(image: u32, row: u32, column: u32) -> u32 {
  enterPixel(image, row, column);
  var isKept = false;
  var largest = vec4f(0.0);
  for (var v = 0u; v < CLASS_VECTORS; v++) {
    isKept |= any((scoreOf(v) >= thresholds[firstThreshold() + v]) & isClass(v));
    largest = max(largest, quotients(v));
  }
  // As in lib/assign_labels.wgsl.
  let near = max(max(largest.x, largest.y), max(largest.z, largest.w)) * 0.999998;
  var candidates = 0u;
  var label = 0u;
  for (var v = 0u; v < CLASS_VECTORS; v++) {
    let ratios = quotients(v);
    #unroll k in 0..4 {
      candidates += u32(ratios[$k] >= near);
      label = select(label, 4u * v + $(k + 0)u, ratios[$k] >= near);
    }
  }
  return select(IGNORED, select(UNDECIDED, label, candidates == 1u), isKept);
}

// The label of a pixel where some score reaches its threshold.
fn assignExactly(image: u32, row: u32, column: u32) -> u32 {
  enterPixel(image, row, column);
  var best = 0u;
  var label = IGNORED;
  for (var v = 0u; v < CLASS_VECTORS; v++) {
    let scores = scoreOf(v);
    for (var id = 4u * v; id < min(4u * v + 4u, CLASSES); id++) {
      let quotient = exactQuotient(max(scores[id % 4u], 0.0), thresholds[firstThreshold() + v][id % 4u]);
      label = select(label, id, quotient > best);
      best = max(best, quotient);
    }
  }
  return label;
}
