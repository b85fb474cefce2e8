/**
 * Pooling in plain loops.
 *
 * @module
 */

/** Sizes of a pooling of `[N, C, H, W]`. */
export interface TwinPool {
  readonly input: readonly number[];
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
  readonly paddingTop: number;
  readonly paddingBottom: number;
  readonly paddingLeft: number;
  readonly paddingRight: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
}

/** The largest value of each window. */
export function maxPool2d(x: ArrayLike<number>, sizes: TwinPool): Float64Array {
  return pool(x, sizes, (values) => Math.max(...values));
}

/** The mean of each window; with `countPadding`, zeros of the padding count too. */
export function averagePool2d(x: ArrayLike<number>, sizes: TwinPool, countPadding: boolean): Float64Array {
  return pool(
    x,
    sizes,
    (values, padded) => values.reduce((a, b) => a + b, 0) / (countPadding ? padded : values.length),
  );
}

/** The mean of each channel of each image. */
export function globalAveragePool(x: ArrayLike<number>, shape: readonly number[]): Float64Array {
  const [batch = 1, channels = 1, height = 1, width = 1] = shape;
  const pixels = height * width;
  const y = new Float64Array(batch * channels);
  for (let index = 0; index < batch * channels * pixels; index++) {
    y[Math.floor(index / pixels)] = (y[Math.floor(index / pixels)] ?? 0) + (x[index] ?? 0) / pixels;
  }
  return y;
}

/** `reduce` gets the image's values in the window, and how many positions it has inside image and padding. */
function pool(
  x: ArrayLike<number>,
  sizes: TwinPool,
  reduce: (values: number[], padded: number) => number,
): Float64Array {
  const [batch = 1, channels = 1, height = 1, width = 1] = sizes.input;
  const y: number[] = [];
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let i = 0; i < sizes.outputHeight; i++) {
      for (let j = 0; j < sizes.outputWidth; j++) {
        const values: number[] = [];
        let padded = 0;
        for (let r = 0; r < sizes.kernelHeight; r++) {
          for (let s = 0; s < sizes.kernelWidth; s++) {
            const row = i * sizes.stride + r - sizes.paddingTop;
            const column = j * sizes.stride + s - sizes.paddingLeft;
            if (row >= height + sizes.paddingBottom || column >= width + sizes.paddingRight) continue;
            padded++;
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            values.push(x[(plane * height + row) * width + column] ?? 0);
          }
        }
        y.push(reduce(values, padded));
      }
    }
  }
  return Float64Array.from(y);
}
