/**
 * WebP files, by libwebp compiled to WebAssembly.
 *
 * @module
 */

import decodeWebpBytes, { init as initWebp } from "@jsquash/webp/decode.js";
import { errorText } from "../../errors.ts";
import { FileBytes } from "./file_bytes.ts";
import type { DecodedImage } from "./image.ts";
import { keptPixels, startWasm } from "./wasm.ts";
import { webpLength } from "./webp_structure.ts";

let ready: Promise<void> | null = null;

/** Decodes a WebP file to RGBA bytes. Alpha is dropped. */
export async function decodeWebp(bytes: Uint8Array, path: string): Promise<DecodedImage> {
  new FileBytes(bytes, path, "WebP").need(0, webpLength(bytes, path));
  await (ready ??= startWasm(initWebp, () => import.meta.resolve("@jsquash/webp/codec/dec/webp_dec.wasm")));
  try {
    const { height, width, data } = await decodeWebpBytes(Uint8Array.from(bytes).buffer);
    if (height * width > keptPixels) ready = null;
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
    for (let index = 3; index < pixels.length; index += 4) pixels[index] = 255;
    return { height, width, pixels };
  } catch (error) {
    ready = null;
    throw new Error(`Cannot read ${path}: the WebP decoder refused it (${errorText(error)}). Copy it again`, {
      cause: error,
    });
  }
}
