/**
 * Working sizes: exactly one, such as `240x320`, or the shape of each image with a given short side; and the sizes that
 * a network's output stride divides.
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

/** The length that the shorter side of every image gets. Its longer side follows, so that the image keeps its shape. */
export interface ShortSide {
  /** In pixels. */
  readonly shortSide: number;
}

/**
 * How large images are worked on: at exactly this size, which stretches images of another shape; with this short side,
 * which keeps their shape; or at their own size (`null`).
 */
export type WorkingSize = Size | ShortSide | null;

/** Whether images are worked on at exactly one size. */
export function isExact(wanted: WorkingSize): wanted is Size {
  return wanted !== null && "height" in wanted;
}

/** The size at which an image of size `own` is worked on. The longer side is rounded to whole pixels. */
export function workingSize({ height, width }: Size, wanted: WorkingSize): Size {
  if (wanted === null) return { height, width };
  if (isExact(wanted)) return { height: wanted.height, width: wanted.width };
  const scale = (side: number) => Math.max(1, Math.round(side * wanted.shortSide / Math.min(height, width)));
  return { height: scale(height), width: scale(width) };
}

/** Whether two sizes are the same. */
export function isSameSize(a: Size, b: Size): boolean {
  return a.height === b.height && a.width === b.width;
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

/** The smallest size that holds an image of `size` and whose sides are multiples of `stride`. */
export function enclosingSize(size: Size, stride: number): Size {
  const enclose = (side: number) => Math.ceil(side / stride) * stride;
  return { height: enclose(size.height), width: enclose(size.width) };
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
