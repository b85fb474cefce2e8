// Where an output row (or column) falls between two input rows, as PyTorch's interpolate(mode="bilinear") has it.
struct Between {
  low: u32,     // index of the lower neighbour
  high: u32,    // index of the upper neighbour, clamped to the last
  weight: f32,  // share of the upper neighbour, in [0, 1]
}

// Half-pixel centres: source = (index + ½)·inputSize/outputSize − ½, not below 0.
// With alignCorners the first and last pixels of both grids coincide: source = index·(inputSize − 1)/(outputSize − 1).
// WGSL allows a division to be off by 2.5 ulp, which far from 0 is a wrong share. So the source is a fraction of integers
// (sizes below 2^15, unless both are the same), the float quotient is a guess that is off by one at most, and the remainder
// puts it right.
fn between(index: u32, inputSize: u32, outputSize: u32, alignCorners: bool) -> Between {
  if (inputSize == outputSize) {
    return Between(index, index, 0.0);
  }
  var numerator = index * (inputSize - 1u);
  var denominator = max(outputSize, 2u) - 1u;
  if (!alignCorners) {
    numerator = (2u * index + 1u) * inputSize;
    numerator -= min(outputSize, numerator);
    denominator = 2u * outputSize;
  }
  var low = u32(f32(numerator) / f32(denominator));
  var remainder = i32(numerator) - i32(low * denominator);
  let error = select(select(0i, 1i, remainder >= i32(denominator)), -1i, remainder < 0i);
  low = u32(i32(low) + error);
  remainder -= error * i32(denominator);
  return Between(min(low, inputSize - 1u), min(low + 1u, inputSize - 1u), f32(remainder) / f32(denominator));
}

// The first output index whose lower neighbour is at least `low` (outputSize where there is none). The neighbour never
// falls as the index grows, so the indices between two rows are one run; finding it by `between` itself keeps the runs
// exact whatever the rounding.
fn firstBetween(low: u32, inputSize: u32, outputSize: u32, alignCorners: bool) -> u32 {
  if (low == 0u) {
    return 0u;
  }
  var index: u32;
  if (alignCorners) {
    index = max(low * (outputSize - 1u) / (max(inputSize, 2u) - 1u), 1u) - 1u;
  } else {
    index = max((2u * low + 1u) * outputSize / (2u * inputSize), 2u) - 2u;
  }
  while (index < outputSize && between(index, inputSize, outputSize, alignCorners).low < low) {
    index++;
  }
  return index;
}
