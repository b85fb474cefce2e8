/**
 * Pictures as the browser decodes them.
 *
 * @module
 */

import type { PixelImage } from "../data/sample.ts";

/**
 * Decodes a picture, upright: turned as its EXIF data say. Its numbers are kept as the file has them: no colour profile is
 * applied. So the pixels of an opaque PNG are those that the command line reads; other formats are decoded a little
 * differently.
 *
 * @throws {Error} naming the picture, if the browser cannot decode it.
 */
export async function decodePhoto(photo: Blob, name: string): Promise<PixelImage> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(photo, {
      colorSpaceConversion: "none",
      imageOrientation: "from-image",
      premultiplyAlpha: "none",
    });
  } catch {
    throw new Error(
      `Cannot read ${name}: this browser does not decode it. Give a JPEG, PNG or WebP picture that is whole`,
    );
  }
  try {
    const { height, width } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext("2d", { alpha: false, willReadFrequently: true });
    if (context === null) {
      throw new Error(`Cannot read ${name}: this browser has no memory for ${height}×${width} pixels`);
    }
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return { height, width, pixels: new Uint8Array(data.buffer) };
  } finally {
    bitmap.close();
  }
}
