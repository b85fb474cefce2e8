/**
 * Pictures to JPEG files' bytes, by mozjpeg compiled to WebAssembly.
 *
 * @module
 */

import encode, { init } from "@jsquash/jpeg/encode.js";
import { startWasm } from "./decoders/wasm.ts";

let ready: Promise<void> | null = null;

/**
 * The bytes of a JPEG.
 *
 * @param pixels `[height, width, 4]`: red, green, blue, and a byte that is dropped.
 * @param quality from 0 to 100. Default 80.
 */
export async function encodeJpeg(
  pixels: Uint8Array,
  height: number,
  width: number,
  quality = 80,
): Promise<Uint8Array<ArrayBuffer>> {
  await (ready ??= startWasm(init, () => import.meta.resolve("@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm")));
  const image = new ImageData(Uint8ClampedArray.from(pixels), width, height);
  return new Uint8Array(await encode(image, { quality }));
}
