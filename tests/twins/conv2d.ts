/**
 * 2-D convolution in plain loops: the definition that the kernels are tested against.
 *
 * @module
 */

/** Sizes of a convolution: input `[N, I, H, W]`, weights `[O, I, R, S]`. */
export interface TwinConvolution {
  readonly input: readonly number[];
  readonly weight: readonly number[];
  readonly stride: number;
  readonly dilation: number;
  readonly paddingTop: number;
  readonly paddingLeft: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  /** Each input channel has its own kernel (`[C, 1, R, S]`). */
  readonly depthwise?: boolean;
}

/** y[n,o,i,j] = Σ_{c,r,s} x[n,c, i·S + r·D − P, j·S + s·D − P] · w[o,c,r,s]. */
export function conv2d(x: ArrayLike<number>, w: ArrayLike<number>, sizes: TwinConvolution): Float64Array {
  const [batch = 1, channels = 1, height = 1, width = 1] = sizes.input;
  const [outputs = 1, inputs = 1, rows = 1, columns = 1] = sizes.weight;
  const { outputHeight, outputWidth, stride, dilation } = sizes;
  const y = new Float64Array(batch * outputs * outputHeight * outputWidth);
  let index = 0;
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < outputHeight; i++) {
        for (let j = 0; j < outputWidth; j++) {
          let sum = 0;
          for (let c = 0; c < inputs; c++) {
            const channel = sizes.depthwise ? o : c;
            for (let r = 0; r < rows; r++) {
              for (let s = 0; s < columns; s++) {
                const row = i * stride + r * dilation - sizes.paddingTop;
                const column = j * stride + s * dilation - sizes.paddingLeft;
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                sum += (x[((n * channels + channel) * height + row) * width + column] ?? 0) *
                  (w[((o * inputs + c) * rows + r) * columns + s] ?? 0);
              }
            }
          }
          y[index++] = sum;
        }
      }
    }
  }
  return y;
}
