/**
 * Bilinear interpolation of one axis in plain float64: where an output index falls between two input indices.
 *
 * @module
 */

/** Lower and upper neighbour of output `index`, and the share of the upper. */
export function between(
  index: number,
  inputs: number,
  outputs: number,
  alignCorners: boolean,
): { low: number; high: number; weight: number } {
  const source = alignCorners
    ? outputs === 1 ? 0 : index * (inputs - 1) / (outputs - 1)
    : Math.max(0, (index + 0.5) * inputs / outputs - 0.5);
  const low = Math.min(Math.floor(source), inputs - 1);
  return { low, high: Math.min(low + 1, inputs - 1), weight: source - low };
}

/** The value at output row `i`, column `j` of a map of `height` × `width` values that starts at `offset` of `x`. */
export function interpolate(
  x: ArrayLike<number>,
  offset: number,
  [height, width]: readonly [number, number],
  vertical: { low: number; high: number; weight: number },
  horizontal: { low: number; high: number; weight: number },
): number {
  if (vertical.high >= height || horizontal.high >= width) throw new RangeError("interpolation outside the map");
  const at = (row: number, column: number) => x[offset + row * width + column] ?? NaN;
  const blend = (row: number) =>
    at(row, horizontal.low) * (1 - horizontal.weight) + at(row, horizontal.high) * horizontal.weight;
  return blend(vertical.low) * (1 - vertical.weight) + blend(vertical.high) * vertical.weight;
}
