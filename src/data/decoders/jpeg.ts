/**
 * JPEG files, by mozjpeg compiled to WebAssembly.
 *
 * @module
 */

import decodeJpegBytes, { init as initJpeg } from "@jsquash/jpeg/decode.js";
import { detailOf } from "./file_bytes.ts";
import type { DecodedImage } from "./image.ts";
import { inspectJpeg } from "./jpeg_structure.ts";

let jpegReady: Promise<void> | null = null;

export async function decodeJpeg(bytes: Uint8Array, path: string): Promise<DecodedImage> {
  inspectJpeg(bytes, path);
  await (jpegReady ??= startJpegDecoder());
  try {
    const { height, width, data } = await decodeJpegBytes(Uint8Array.from(bytes).buffer);
    return { height, width, pixels: Uint8Array.from(data) };
  } catch (error) {
    // A decoder that gave up leaves its WebAssembly memory in an unknown state: the next image gets a fresh one.
    jpegReady = null;
    const detail = detailOf(error);
    throw new Error(`Cannot read ${path}: the JPEG decoder refused it (${detail}). Save it again as RGB JPEG or PNG`, {
      cause: error,
    });
  }
}

/**
 * Starts the JPEG decoder. In browsers its own loader fetches the WebAssembly file beside its script, as bundlers
 * expect. Deno keeps npm packages in files, which that loader does not find, so the file is read here.
 */
async function startJpegDecoder(): Promise<void> {
  const wasmUrl = resolveWasm();
  if (wasmUrl === null) return await initJpeg();
  const wasmBinary = await (await fetch(wasmUrl)).arrayBuffer();
  // `printErr`: a refusal arrives as an exception, its text need not be on stderr as well.
  await initJpeg({ wasmBinary, printErr: () => {} });
}

function resolveWasm(): string | null {
  try {
    const url = import.meta.resolve("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm");
    return url.startsWith("file:") ? url : null;
  } catch {
    return null;
  }
}
