/**
 * Concatenation and slices along channels in plain loops.
 *
 * @module
 */

/** Parts `[N, C₁, H, W]`, `[N, C₂, H, W]`, … one after the other along channels. */
export function concat(parts: readonly ArrayLike<number>[], shapes: readonly (readonly number[])[]): Float64Array {
  const [batch = 1, , height = 1, width = 1] = shapes[0] ?? [];
  const y: number[] = [];
  for (let n = 0; n < batch; n++) {
    for (const [index, part] of parts.entries()) {
      const length = (shapes[index]?.[1] ?? 1) * height * width;
      for (let at = n * length; at < (n + 1) * length; at++) y.push(part[at] ?? 0);
    }
  }
  return Float64Array.from(y);
}

/** Channels `from` to `from + count − 1` of `[N, C, H, W]`. */
export function sliceChannels(
  x: ArrayLike<number>,
  shape: readonly number[],
  options: { readonly from: number; readonly count: number },
): Float64Array {
  const [, channels = 1, height = 1, width = 1] = shape;
  const pixels = height * width;
  return Float64Array.from(x).filter((_, index) => {
    const channel = Math.floor(index / pixels) % channels;
    return channel >= options.from && channel < options.from + options.count;
  });
}
