/**
 * Bilinear resize in plain loops.
 *
 * @module
 */

/** `[N, C, H, W]` → `[N, C, height, width]`. */
export function bilinearResize(
  x: ArrayLike<number>,
  shape: readonly number[],
  options: { readonly height: number; readonly width: number; readonly alignCorners?: boolean },
): Float64Array {
  const [batch = 1, channels = 1, inputHeight = 1, inputWidth = 1] = shape;
  const { height, width, alignCorners = false } = options;
  const y = new Float64Array(batch * channels * height * width);
  let index = 0;
  for (let plane = 0; plane < batch * channels; plane++) {
    const at = (row: number, column: number) => x[(plane * inputHeight + row) * inputWidth + column] ?? 0;
    for (let i = 0; i < height; i++) {
      const row = source(i, inputHeight, height, alignCorners);
      for (let j = 0; j < width; j++) {
        const column = source(j, inputWidth, width, alignCorners);
        y[index++] = (1 - row.weight) * (1 - column.weight) * at(row.low, column.low) +
          (1 - row.weight) * column.weight * at(row.low, column.high) +
          row.weight * (1 - column.weight) * at(row.high, column.low) +
          row.weight * column.weight * at(row.high, column.high);
      }
    }
  }
  return y;
}

function source(index: number, inputSize: number, outputSize: number, alignCorners: boolean) {
  const position = alignCorners
    ? outputSize > 1 ? index * (inputSize - 1) / (outputSize - 1) : 0
    : Math.max(0, (index + 0.5) * inputSize / outputSize - 0.5);
  const low = Math.min(Math.floor(position), inputSize - 1);
  return { low, high: Math.min(low + 1, inputSize - 1), weight: position - low };
}
