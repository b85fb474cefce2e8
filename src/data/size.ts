/**
 * Working sizes such as `240x320`, and the nearest size that a network's output stride divides.
 *
 * @module
 */

/** Height and width. */
export interface Size {
  /** Rows, in pixels. */
  height: number;
  /** Columns, in pixels. */
  width: number;
}

/**
 * Reads a size such as `240x320`: height first.
 *
 * @throws {RangeError} where it is not two positive whole numbers with an `x` between them.
 */
export function parseSize(text: string): Size {
  const match = /^\s*([1-9]\d{0,4})\s*[x×]\s*([1-9]\d{0,4})\s*$/i.exec(text);
  if (match === null) {
    throw new RangeError(`Cannot read the size "${text}": expected height x width in pixels, such as 240x320`);
  }
  return { height: Number(match[1]), width: Number(match[2]) };
}

/** The nearest size whose sides are multiples of `stride`, at least one stride each. A tie goes to the larger. */
export function roundSize(size: Size, stride: number): Size {
  const round = (side: number) => Math.max(stride, Math.floor(side / stride + 0.5) * stride);
  return { height: round(size.height), width: round(size.width) };
}

/** A size as people read it: `240×320`. */
export function formatSize(size: Size): string {
  return `${size.height}×${size.width}`;
}

/** The sentence that is said, once, where a size is rounded to a multiple of the network's stride. */
export function roundedSizeText(what: string, wanted: Size, rounded: Size, stride: number): string {
  return `The ${what} ${formatSize(wanted)} is no multiple of the network's stride ${stride}: working at ${
    formatSize(rounded)
  }`;
}
