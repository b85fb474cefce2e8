/**
 * Pictures from the browser's own decoder to the bytes that a network takes.
 *
 * @module
 */

import type { PixelImage } from "../data/sample.ts";
import { errorText } from "../errors.ts";

/**
 * How the browser shall decode: colours as they are stored, not those of the screen; red, green and blue not multiplied
 * by alpha; turned upright as the file's EXIF data says.
 */
const decoding = {
  colorSpaceConversion: "none",
  premultiplyAlpha: "none",
  imageOrientation: "from-image",
} as const satisfies ImageBitmapOptions;

/**
 * Decodes an image file to RGBA bytes, upright. Alpha becomes 255. An opaque PNG without a colour profile gives the bytes that
 * the command line reads from it; a JPEG may differ by some units of 255, as decoders do.
 *
 * @param name of the file, for messages.
 * @throws {Error} naming the file, if the browser cannot decode it.
 */
export async function photoPixels(file: Blob, name: string): Promise<PixelImage> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, decoding);
  } catch (error) {
    throw new Error(
      `Cannot read ${name}: this browser does not decode it as an image (${errorText(error)}). ` +
        "Give a JPEG, PNG or WebP file",
      { cause: error },
    );
  }
  return bitmapPixels(bitmap);
}

/** The RGBA bytes of a decoded picture, such as a frame of a camera. Alpha becomes 255. The picture is closed. */
export function bitmapPixels(bitmap: ImageBitmap): PixelImage {
  const { height, width } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true, alpha: false });
  if (context === null) throw new Error("Cannot read the picture: this browser draws nothing in a Worker");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  return { height, width, pixels: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}
