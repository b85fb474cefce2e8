// The two input rows (or columns) that an output row lies between, as in PyTorch's interpolate(mode="bilinear").
struct Between {
  low: u32,     // index of the lower neighbour
  high: u32,    // index of the upper neighbour, clamped to the last
  weight: f32,  // share of the upper neighbour, in [0, 1]
}

// The source is the place in the input, perhaps between two rows, that an output row looks at.
// With half-pixel centres: source = (index + ½)·inputSize/outputSize − ½, not below 0.
// With alignCorners the first and last pixels of both grids coincide: source = index·(inputSize − 1)/(outputSize − 1).
// The source is computed as a fraction of whole numbers. WGSL allows a division to be off by 2.5 ulp, and far from 0
// that makes a wrong share. So the float quotient is only a guess, off by one at most, and the remainder corrects it.
// 2 · inputSize · outputSize must be below 2^31, unless both sizes are the same.
fn between(index: u32, inputSize: u32, outputSize: u32, alignCorners: bool) -> Between {
  return betweenPart(index, vec4u(select(inputSize, inputSize - 1u, alignCorners), 1u, inputSize - 1u, 0u), outputSize, alignCorners);
}

// As `between`, where only a part of the input is looked at, which need not end at a whole row. `part` is (n, d, last,
// offset): the outputs cover n/d rows of the input, with alignCorners n/d steps from row to row, after offset/d rows,
// and none of them looks beyond row `last`. With alignCorners the offset is 0. Both (n + offset) · 2 · outputSize and
// d · 2 · outputSize · last must be below 2^31.
fn betweenPart(index: u32, part: vec4u, outputSize: u32, alignCorners: bool) -> Between {
  if (part.y == 1u && part.z + 1u == outputSize && part.w == 0u) {
    return Between(index, index, 0.0);
  }
  var numerator = index * part.x;
  var denominator = (max(outputSize, 2u) - 1u) * part.y;
  if (!alignCorners) {
    numerator = (2u * index + 1u) * part.x + 2u * outputSize * part.w;
    numerator -= min(outputSize * part.y, numerator);
    denominator = 2u * outputSize * part.y;
  }
  var low = u32(f32(numerator) / f32(denominator));
  var remainder = i32(numerator) - i32(low * denominator);
  let error = select(select(0i, 1i, remainder >= i32(denominator)), -1i, remainder < 0i);
  low = u32(i32(low) + error);
  remainder -= error * i32(denominator);
  return Between(min(low, part.z), min(low + 1u, part.z), f32(remainder) / f32(denominator));
}

// The first output index whose lower neighbour is at least `low`, or outputSize where there is none. The lower
// neighbour never falls as the index grows. So the outputs between two input rows are one run of indices. The search
// asks `between` itself, so that the runs are exact however it rounds.
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
