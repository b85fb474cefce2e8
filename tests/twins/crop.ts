/**
 * Windows of images in plain loops.
 *
 * @module
 */

/** The window of `[N, C, H, W]`, with 0 outside. */
export function crop(
  x: ArrayLike<number>,
  shape: readonly number[],
  window: { readonly top: number; readonly left: number; readonly height: number; readonly width: number },
): Float64Array {
  const [batch = 1, channels = 1, height = 1, width = 1] = shape;
  const y: number[] = [];
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let row = window.top; row < window.top + window.height; row++) {
      for (let column = window.left; column < window.left + window.width; column++) {
        const isInside = row >= 0 && row < height && column >= 0 && column < width;
        y.push(isInside ? x[(plane * height + row) * width + column] ?? NaN : 0);
      }
    }
  }
  return Float64Array.from(y);
}
