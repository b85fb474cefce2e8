/**
 * Image files from their bytes to pixels. The same decoders run on every machine and in browsers, so the bits
 * agree. Files are read elsewhere.
 *
 * @module
 */

import { bmpHeader, bmpLength, decodeBmp } from "./decoders/bmp.ts";
import { FileBytes } from "./decoders/file_bytes.ts";
import { heicHeader, heicLength } from "./decoders/heic_structure.ts";
import type { DecodedImage, StoredHeader } from "./decoders/image.ts";
import { decodeJpeg } from "./decoders/jpeg.ts";
import { inspectJpeg, jpegHeader } from "./decoders/jpeg_structure.ts";
import { type ImageKindName, kindOf, strangerName } from "./decoders/kind.ts";
import { type DecodeLimits, requireAllowed } from "./decoders/limits.ts";
import { orientedSize, orientPixels } from "./decoders/orient.ts";
import { decodePng } from "./decoders/png.ts";
import { inspectPng, pngHeader } from "./decoders/png_structure.ts";
import { tiffForm, tiffHeader } from "./decoders/tiff_structure.ts";
import { webpHeader, webpLength } from "./decoders/webp_structure.ts";
import { formatSize, type Size } from "./size.ts";

export { MoreBytesError } from "./decoders/file_bytes.ts";
export { imageEndings } from "./decoders/kind.ts";
export { type DecodeLimits, defaultMaxPixels } from "./decoders/limits.ts";
export type { DecodedImage };

/** What is known of an image from the beginning of its file. */
export interface ImageHeader extends Size {
  /** The kind of file. */
  readonly kind: ImageKindName;
  /** Its size before it was turned as its EXIF data says. `height` and `width` are those after turning. */
  readonly stored: Size;
}

/**
 * Decodes an image to RGBA bytes, upright: turned as its EXIF data says, as viewers do. Grey becomes RGB, palettes
 * become their colours, alpha is dropped. The first bytes tell the kind of file; `path` only appears in messages.
 *
 * @throws {Error} where the file is of no kind that is read, too large, cut short or damaged.
 */
export async function decodeImage(bytes: Uint8Array, path: string, limits: DecodeLimits = {}): Promise<DecodedImage> {
  const header = storedHeader(bytes, path);
  requireAllowed(header.stored, path, limits);
  const image = await decodeStored(header, bytes, path, limits);
  if (image.height !== header.stored.height || image.width !== header.stored.width) {
    throw new Error(
      `Cannot read ${path}: its header says ${formatSize(header.stored)} pixels, it holds ${formatSize(image)}. ` +
        "The file is damaged",
    );
  }
  const { height, width } = orientedSize(image, header.orientation);
  return { height, width, pixels: orientPixels(image.pixels, image, header.orientation) };
}

/**
 * What the header of an image file says: its size after turning. `bytes` may be only the beginning of the file.
 *
 * @throws {MoreBytesError} where the bytes end before the header does. It says how many would do for the next look.
 * @throws {Error} where the file is of no kind that is read, or its header makes no sense.
 */
export function imageHeader(bytes: Uint8Array, path: string): ImageHeader {
  const { kind, stored, orientation } = storedHeader(bytes, path);
  return { kind, stored, ...orientedSize(stored, orientation) };
}

/**
 * What the header of a whole file says, if the file is as long as its format says, as far as that can be known without
 * decoding pixels.
 *
 * @throws {Error} where the file is of no kind that is read, too large, cut short, or its header makes no sense.
 */
export function inspectImage(bytes: Uint8Array, path: string, limits: DecodeLimits = {}): ImageHeader {
  const header = imageHeader(bytes, path);
  requireAllowed(header, path, limits);
  if (header.kind === "PNG") inspectPng(bytes, path);
  if (header.kind === "JPEG") inspectJpeg(bytes, path);
  if (header.kind === "TIFF") tiffForm(bytes, path);
  new FileBytes(bytes, path, header.kind).need(0, statedLength(header, bytes, path) ?? 0);
  return header;
}

/**
 * How long a file is at least, where the beginning of it says so; `null` for the kinds that must be walked through.
 *
 * @throws {MoreBytesError} where the bytes end before they say it.
 */
export function statedLength({ kind }: ImageHeader, bytes: Uint8Array, path: string): number | null {
  switch (kind) {
    case "WebP":
      return webpLength(bytes, path);
    case "BMP":
      return bmpLength(bytes, path);
    case "HEIC":
      return heicLength(bytes, path);
    default:
      return null;
  }
}

function storedHeader(bytes: Uint8Array, path: string): StoredHeader {
  const header = headerOf(bytes, path);
  const { height, width } = header.stored;
  if (height > 0 && width > 0) return header;
  throw new Error(`Cannot read ${path}: its header says ${height}×${width} pixels. The file is damaged`);
}

function headerOf(bytes: Uint8Array, path: string): StoredHeader {
  switch (kindOf(bytes)) {
    case "PNG":
      return pngHeader(bytes, path);
    case "JPEG":
      return jpegHeader(bytes, path);
    case "WebP":
      return webpHeader(bytes, path);
    case "BMP":
      return bmpHeader(bytes, path);
    case "TIFF":
      return tiffHeader(bytes, path);
    case "HEIC":
      return heicHeader(bytes, path);
    case null:
      throw new Error(
        `Cannot read ${path}: it is ${strangerName(bytes)}. Images are read as PNG, JPEG, WebP, BMP, TIFF and HEIC`,
      );
  }
}

/** The decoders of all kinds but PNG and JPEG are loaded when the first such file comes. */
async function decodeStored(
  { kind, orientation }: StoredHeader,
  bytes: Uint8Array,
  path: string,
  limits: DecodeLimits,
): Promise<DecodedImage> {
  switch (kind) {
    case "PNG":
      return decodePng(bytes, path);
    case "JPEG":
      return await decodeJpeg(bytes, path, orientation >= 5);
    case "WebP":
      return await (await import("./decoders/webp.ts")).decodeWebp(bytes, path);
    case "BMP":
      return decodeBmp(bytes, path);
    case "TIFF":
      return (await import("./decoders/tiff.ts")).decodeTiff(bytes, path);
    case "HEIC":
      return await (await import("./decoders/heic.ts")).decodeHeic(bytes, path, limits);
  }
}
