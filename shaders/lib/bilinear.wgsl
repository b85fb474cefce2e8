// Where an output row (or column) falls between two input rows, as PyTorch's interpolate(mode="bilinear") has it.
struct Between {
  low: u32,     // index of the lower neighbour
  high: u32,    // index of the upper neighbour, clamped to the last
  weight: f32,  // share of the upper neighbour, in [0, 1]
}

// Half-pixel centres: source = (index + ½)·inputSize/outputSize − ½, not below 0.
// With alignCorners the first and last pixels of both grids coincide: source = index·(inputSize − 1)/(outputSize − 1).
fn between(index: u32, inputSize: u32, outputSize: u32, alignCorners: bool) -> Between {
  var source: f32;
  if (alignCorners) {
    source = f32(index) * (f32(inputSize - 1u) / f32(max(outputSize, 2u) - 1u));
  } else {
    source = max(0.0, (f32(index) + 0.5) * (f32(inputSize) / f32(outputSize)) - 0.5);
  }
  let low = min(u32(source), inputSize - 1u);
  return Between(low, min(low + 1u, inputSize - 1u), source - f32(low));
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
