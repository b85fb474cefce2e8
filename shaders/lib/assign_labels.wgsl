// The label of a pixel for assign_labels.wgsl, with the scores of few classes in registers.
fn assignPixel(image: u32, row: u32, column: u32) -> u32 {
  return assign(classScores(image, row, column));
}

fn assign(scores: array<vec4f, CLASS_VECTORS>) -> u32 {
  var isKept = false;
  var largest = vec4f(0.0);
  var quotients: array<vec4f, CLASS_VECTORS>;
  #unroll v in 0..CLASS_VECTORS {
    let threshold$v = thresholds[firstThreshold() + $(v + 0)u];
    isKept |= any((scores[$v] >= threshold$v) & isClass($(v + 0)u));
    quotients[$v] = select(vec4f(-1.0), scores[$v] / threshold$v, isClass($(v + 0)u));
    largest = max(largest, quotients[$v]);
  }
  // Two ratios may be equal if they differ by less than this: twice the error that WGSL allows a division, on either
  // side.
  let near = max(max(largest.x, largest.y), max(largest.z, largest.w)) * 0.999998;
  var candidates = 0u;
  var label = 0u;
  #unroll v in 0..CLASS_VECTORS {
    #unroll k in 0..4 {
      candidates += u32(quotients[$v][$k] >= near);
      label = select(label, $(v * 4 + k)u, quotients[$v][$k] >= near);
    }
  }
  return select(IGNORED, select(UNDECIDED, label, candidates == 1u), isKept);
}

// The label of a pixel where some score reaches its threshold.
fn assignExactly(image: u32, row: u32, column: u32) -> u32 {
  var all = classScores(image, row, column);
  var best = 0u;
  var label = IGNORED;
  for (var id = 0u; id < CLASSES; id++) {
    let quotient = exactQuotient(max(all[id / 4u][id % 4u], 0.0), thresholds[firstThreshold() + id / 4u][id % 4u]);
    label = select(label, id, quotient > best);
    best = max(best, quotient);
  }
  return label;
}
