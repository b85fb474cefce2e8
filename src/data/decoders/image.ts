/**
 * What every decoder makes of a file, and what is known of an image before it is decoded.
 *
 * @module
 */

import type { Size } from "../size.ts";
import type { Orientation } from "./exif.ts";
import type { ImageKindName } from "./kind.ts";

/** An image of 8 bits. */
export interface DecodedImage extends Size {
  /** The bytes red, green, blue, 255 of each pixel, `[height, width]`, rows first. */
  pixels: Uint8Array<ArrayBuffer>;
}

/** What the header of an image file says. */
export interface StoredHeader {
  /** The kind of file. */
  readonly kind: ImageKindName;
  /** Its size as it is stored, before turning. */
  readonly stored: Size;
  /** How the stored image is to be turned. */
  readonly orientation: Orientation;
}
