/**
 * JPEG files, by mozjpeg compiled to WebAssembly.
 *
 * @module
 */

import decodeJpegBytes, { init as initJpeg } from "@jsquash/jpeg/decode.js";
import { errorText } from "../../errors.ts";
import { beginsWith } from "./file_bytes.ts";
import type { DecodedImage } from "./image.ts";
import { splitFourComponents } from "./jpeg_split.ts";
import { requireAffordable } from "./limits.ts";
import { blocksOf, inspectJpeg, type JpegFrame, jpegMarkers, type JpegSegment } from "./jpeg_structure.ts";
import { keptPixels, startWasm } from "./wasm.ts";

let ready: Promise<void> | null = null;

/**
 * Decodes a JPEG file to RGBA bytes.
 *
 * @param isTurned whether the result will be turned by a quarter, which takes a second array.
 * @throws {Error} where the file is cut short, damaged, or of a coding that is not read.
 */
export async function decodeJpeg(bytes: Uint8Array, path: string, isTurned: boolean): Promise<DecodedImage> {
  const { frame, segments } = inspectJpeg(bytes, path);
  requireMemory(frame, path, isTurned);
  try {
    const image = frame.components.length === 4 ? await decodeInks(frame, segments) : await decodeBytes(bytes);
    if (frame.height * frame.width > keptPixels) ready = null;
    return image;
  } catch (error) {
    // A decoder that gave up leaves its WebAssembly memory in an unknown state: the next image gets a fresh one.
    ready = null;
    throw new Error(
      `Cannot read ${path}: the JPEG decoder refused it (${errorText(error)}). Save it again as RGB JPEG or PNG`,
      { cause: error },
    );
  }
}

async function decodeBytes(bytes: Uint8Array): Promise<DecodedImage> {
  await (ready ??= startWasm(initJpeg, wasmUrl));
  const { height, width, data } = await decodeJpegBytes(Uint8Array.from(bytes).buffer);
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
  const black = lastChannel(await decodeBytes(blacks));
  const image = await decodeBytes(inks);
  const { pixels } = image;
  for (let index = 0; index < pixels.length; index += 4) {
    const through = black[index >> 2] ?? 0;
    for (let channel = index; channel < index + 3; channel++) {
      // The three colours of YCCK are converted like RGB, and are the opposite of the inks.
      const ink = isYcck ? 255 - (pixels[channel] ?? 0) : pixels[channel] ?? 0;
      pixels[channel] = Math.round(ink * through / 255);
    }
  }
  return image;
}

/** The last of the three channels of an image, whose memory is given back at once. */
function lastChannel({ pixels }: DecodedImage): Uint8Array {
  const values = new Uint8Array(pixels.length / 4);
  for (let index = 0; index < values.length; index++) values[index] = pixels[4 * index + 2] ?? 0;
  pixels.buffer.transfer(0);
  return values;
}

/**
 * The decoder holds four bytes a pixel, and so does the result. A progressive file has all its coefficients in memory, two
 * bytes each.
 */
function requireMemory(frame: JpegFrame, path: string, isTurned: boolean): void {
  const { height, width, marker, components } = frame;
  const isProgressive = marker === jpegMarkers.progressive;
  const hasInks = components.length === 4;
  const coefficients = blocksOf(frame) * 64 * (hasInks ? 3 / 4 : 1) / (height * width);
  const bytesPerPixel = 8 + (isProgressive ? 2 * coefficients : 0) + (isTurned ? 4 : 0) + (hasInks ? 1 : 0);
  const what = `a ${isProgressive ? "progressive " : ""}JPEG${hasInks ? " in four inks" : ""}`;
  requireAffordable(frame, path, bytesPerPixel, isTurned ? `${what} to be turned` : what);
}

/** What Adobe's marker says of the colours: 0 as they are, 1 YCbCr, 2 YCCK; 0 where there is no marker. */
function adobeTransform(segments: readonly JpegSegment[]): number {
  const adobe = segments.find(({ marker, content }) =>
    marker === jpegMarkers.app14 && beginsWith(content, [0x41, 0x64, 0x6f, 0x62, 0x65])
  );
  return adobe?.content[11] ?? 0;
}
