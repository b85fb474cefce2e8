/**
 * JPEG files, by mozjpeg compiled to WebAssembly.
 *
 * @module
 */

import decodeJpegBytes, { init as initJpeg } from "@jsquash/jpeg/decode.js";
import { beginsWith, detailOf } from "./file_bytes.ts";
import type { DecodedImage } from "./image.ts";
import { splitFourComponents } from "./jpeg_split.ts";
import { inspectJpeg, type JpegFrame, jpegMarkers, type JpegSegment } from "./jpeg_structure.ts";
import { keptPixels, startWasm } from "./wasm.ts";

let ready: Promise<void> | null = null;

/**
 * Decodes a JPEG file to RGBA bytes.
 *
 * @throws {Error} where the file is cut short, damaged, or of a coding that is not read.
 */
export async function decodeJpeg(bytes: Uint8Array, path: string): Promise<DecodedImage> {
  const { frame, segments } = inspectJpeg(bytes, path);
  try {
    return frame.components.length === 4 ? await decodeInks(frame, segments) : await decodeBytes(bytes);
  } catch (error) {
    // A decoder that gave up leaves its WebAssembly memory in an unknown state: the next image gets a fresh one.
    ready = null;
    throw new Error(
      `Cannot read ${path}: the JPEG decoder refused it (${detailOf(error)}). Save it again as RGB JPEG or PNG`,
      { cause: error },
    );
  }
}

async function decodeBytes(bytes: Uint8Array): Promise<DecodedImage> {
  await (ready ??= startWasm(initJpeg, wasmUrl));
  const { height, width, data } = await decodeJpegBytes(Uint8Array.from(bytes).buffer);
  if (height * width > keptPixels) ready = null;
  return { height, width, pixels: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

function wasmUrl(): string {
  return import.meta.resolve("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm");
}

/**
 * An image in four inks, CMYK. As Adobe's programs write it, and as other decoders read it with and without Adobe's
 * marker, full ink is 0. So a channel's light is what its ink lets through, times what the black lets through.
 */
async function decodeInks(frame: JpegFrame, segments: readonly JpegSegment[]): Promise<DecodedImage> {
  const isYcck = adobeTransform(segments) === 2;
  const [inks, blacks] = splitFourComponents(frame, segments, isYcck ? 1 : 0);
  const image = await decodeBytes(inks);
  const black = await decodeBytes(blacks);
  const { pixels } = image;
  for (let index = 0; index < pixels.length; index += 4) {
    const through = black.pixels[index + 2] ?? 0;
    for (let channel = index; channel < index + 3; channel++) {
      // The three colours of YCCK are converted like RGB, and are the opposite of the inks.
      const ink = isYcck ? 255 - (pixels[channel] ?? 0) : pixels[channel] ?? 0;
      pixels[channel] = Math.round(ink * through / 255);
    }
  }
  return image;
}

/** What Adobe's marker says of the colours: 0 as they are, 1 YCbCr, 2 YCCK; 0 where there is no marker. */
function adobeTransform(segments: readonly JpegSegment[]): number {
  const adobe = segments.find(({ marker, content }) =>
    marker === jpegMarkers.app14 && beginsWith(content, [0x41, 0x64, 0x6f, 0x62, 0x65])
  );
  return adobe?.content[11] ?? 0;
}
