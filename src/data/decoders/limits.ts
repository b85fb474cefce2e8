/**
 * What decoding may cost. The header of a file is compared with it before memory is taken.
 *
 * @module
 */

import { ReasonedError } from "../../errors.ts";
import { formatSize, type Size } from "../size.ts";

/** How many pixels an image may have unless another bound is given. */
export const defaultMaxPixels = 100_000_000;

/** What decoding may cost. */
export interface DecodeLimits {
  /**
   * How many pixels the header of a file may claim. Default 100 million. It is compared before memory is taken.
   */
  maxPixels?: number | undefined;
}

/**
 * Makes sure that an image has no more pixels than are allowed.
 *
 * @throws {Error} naming the file and both numbers.
 */
export function requireAllowed({ height, width }: Size, path: string, { maxPixels }: DecodeLimits): void {
  const most = maxPixels ?? defaultMaxPixels;
  if (height * width <= most) return;
  throw new ReasonedError(
    `Cannot read ${path}: its header says ${formatSize({ height, width })} pixels, ${
      millions(height * width)
    }. At most ${millions(most)} are read`,
    "too many pixels",
  );
}

/**
 * Makes sure that an image is not made larger than is allowed.
 *
 * @param own the size that it has.
 * @param wanted the size that it would get.
 * @throws {Error} naming the image and both sizes.
 */
export function requireWorkable(own: Size, wanted: Size, name: string, maxPixels: number): void {
  const pixels = wanted.height * wanted.width;
  if (pixels <= Math.max(maxPixels, own.height * own.width)) return;
  throw new ReasonedError(
    `Cannot use the image ${name}: it has ${formatSize(own)} pixels, and with that short side it would have ${
      formatSize(wanted)
    }, ${millions(pixels)}. At most ${millions(maxPixels)} are worked on`,
    "too many pixels",
  );
}

/**
 * Makes sure that decoding takes no more than 12 bytes a pixel and 256 MB above that.
 *
 * @param bytesPerPixel what is held at the same time, by the pixel.
 * @param what the kind of image, as a sentence goes on after "it is".
 * @throws {Error} naming the file and what to do.
 */
export function requireAffordable({ height, width }: Size, path: string, bytesPerPixel: number, what: string): void {
  const bytes = height * width * bytesPerPixel;
  if (bytes <= height * width * 12 + 256e6) return;
  throw new Error(
    `Cannot read ${path}: it is ${what} of ${millions(height * width)} pixels, and decoding it takes ${
      (bytes / 1e9).toFixed(1)
    } GB. Save it again as a baseline JPEG in RGB, or smaller`,
  );
}

function millions(pixels: number): string {
  return pixels < 1e6 ? String(pixels) : `${Number((pixels / 1e6).toPrecision(4))} million`;
}
