/**
 * Pictures from the browser's own decoder to the bytes that a network takes.
 *
 * @module
 */

import { kindOf } from "../data/decoders/kind.ts";
import { orientedSize, orientPixels } from "../data/decoders/orient.ts";
import { decodePng } from "../data/decoders/png.ts";
import { isTransparentPng, pngHeader } from "../data/decoders/png_structure.ts";
import type { PixelImage } from "../data/sample.ts";
import { errorText } from "../errors.ts";

/**
 * How the browser shall decode: colours as they are stored, not those of the screen; turned upright as the file's EXIF
 * data says.
 */
const decoding = {
  colorSpaceConversion: "none",
  imageOrientation: "from-image",
} as const satisfies ImageBitmapOptions;

/**
 * Decodes an image file to RGBA bytes, upright. Alpha becomes 255. A PNG without a colour profile gives the bytes that the
 * command line reads from it; a JPEG may differ by some units of 255, as decoders do.
 *
 * @param name of the file, for messages.
 * @throws {Error} naming the file, if the browser cannot decode it.
 */
export async function photoPixels(file: Blob, name: string): Promise<PixelImage> {
  const transparent = await transparentPng(file, name);
  if (transparent !== null) return transparent;
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

/**
 * The pixels of a PNG that may be transparent; `null` for other files. A browser gives no colours of transparent pixels, so
 * they are unpacked here, where alpha is dropped as on the command line.
 */
async function transparentPng(file: Blob, name: string): Promise<PixelImage | null> {
  const beginning = new Uint8Array(await file.slice(0, 32).arrayBuffer());
  if (kindOf(beginning) !== "PNG") return null;
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!isTransparentPng(bytes, name)) return null;
  const image = decodePng(bytes, name);
  const { orientation } = pngHeader(bytes, name);
  return { ...orientedSize(image, orientation), pixels: orientPixels(image.pixels, image, orientation) };
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
