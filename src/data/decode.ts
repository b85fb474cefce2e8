/**
 * Image and label files from their bytes to pixels: PNG by fast-png, JPEG by mozjpeg compiled to WebAssembly. The same
 * decoders run on every machine and in browsers, so the bits agree. Files are read elsewhere.
 *
 * @module
 */

import decodeJpegBytes, { init as initJpeg } from "@jsquash/jpeg/decode.js";
import { decode as decodePngBytes, type DecodedPng } from "fast-png";
import { inspectJpeg } from "./jpeg_structure.ts";
import type { Size } from "./size.ts";

/** An image of 8 bits. */
export interface DecodedImage extends Size {
  /** The bytes red, green, blue, 255 of each pixel, `[height, width]`, rows first. */
  pixels: Uint8Array<ArrayBuffer>;
}

/** A label map. */
export interface DecodedLabels extends Size {
  /** The id of each pixel, `[height, width]`, rows first. */
  labels: Uint8Array<ArrayBuffer>;
}

/**
 * Decodes a PNG or JPEG image of 8 bits to RGBA bytes. Grey becomes RGB, palettes become their colours, alpha is
 * dropped. The first bytes tell the kind of file; `path` only appears in messages.
 *
 * @throws {Error} where the file is neither PNG nor JPEG, cut short, damaged or of 16 bits.
 */
export async function decodeImage(bytes: Uint8Array, path: string): Promise<DecodedImage> {
  if (isPng(bytes)) return pngPixels(decodePng(bytes, path), path);
  if (isJpeg(bytes)) return await decodeJpeg(bytes, path);
  throw new Error(`Cannot read ${path}: it is neither a PNG nor a JPEG file. Convert it to one of the two`);
}

/**
 * Decodes a label PNG. It has 8 bits or fewer and a single channel, grey or palette. The stored numbers are the ids. In
 * a palette file they are its indices, whatever the colours.
 *
 * @throws {Error} where the file is not a PNG, cut short, damaged, of 16 bits or in colour.
 */
export function decodeLabels(bytes: Uint8Array, path: string): DecodedLabels {
  if (!isPng(bytes)) throw new Error(`Cannot read the labels ${path}: it is not a PNG file. Labels must be lossless`);
  const png = decodePng(bytes, path);
  if (png.channels !== 1) {
    throw new Error(
      `Cannot read the labels ${path}: it has ${png.channels} channels, expected a single one with a class id per pixel. ` +
        "Convert the colours to ids",
    );
  }
  return { height: png.height, width: png.width, labels: singleChannel(png) };
}

/** The size in an image's header, without decoding the pixels: for estimates and checks. */
export function imageSize(bytes: Uint8Array, path: string): Size {
  if (isPng(bytes)) {
    const { height, width } = pngHeader(bytes, path);
    return { height, width };
  }
  if (isJpeg(bytes)) return inspectJpeg(bytes, path);
  throw new Error(`Cannot read ${path}: it is neither a PNG nor a JPEG file. Convert it to one of the two`);
}

function isPng(bytes: Uint8Array): boolean {
  return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a].every((byte, index) => bytes[index] === byte);
}

function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8;
}

// ---- PNG

const PNG_COLOURS: Record<number, string> = { 0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGBA" };

function pngHeader(bytes: Uint8Array, path: string) {
  if (bytes.length < 33) throw new Error(`Cannot read ${path}: the PNG file is cut short (${bytes.length} bytes)`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    width: view.getUint32(16),
    height: view.getUint32(20),
    depth: view.getUint8(24),
    colour: PNG_COLOURS[view.getUint8(25)] ?? "unknown colour",
    interlaced: view.getUint8(28) !== 0,
  };
}

function decodePng(bytes: Uint8Array, path: string): DecodedPng {
  const { width, height, depth, colour, interlaced } = pngHeader(bytes, path);
  if (depth === 16) {
    throw new Error(`Cannot read ${path}: 16-bit ${colour}, expected 8-bit. Convert it to 8 bits per channel`);
  }
  if (interlaced && depth < 8) {
    throw new Error(`Cannot read ${path}: interlaced PNG of ${depth} bits. Save it with 8 bits or without interlacing`);
  }
  if (width * height === 0 || width * height > 2 ** 28) {
    throw new Error(`Cannot read ${path}: its header says ${height}×${width} pixels. The file is damaged`);
  }
  try {
    return decodePngBytes(bytes, { checkCrc: true });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read ${path}: the PNG file is cut short or damaged (${detail}). Copy it again`, {
      cause: error,
    });
  }
}

/** One byte per pixel of a PNG with one channel: values of 1, 2 and 4 bits are unpacked, not scaled. */
function singleChannel(png: DecodedPng): Uint8Array<ArrayBuffer> {
  if (png.depth === 8) return Uint8Array.from(png.data);
  const values = new Uint8Array(png.height * png.width);
  const perByte = 8 / png.depth;
  const bytesPerRow = Math.ceil(png.width / perByte);
  const mask = 2 ** png.depth - 1;
  for (let row = 0; row < png.height; row++) {
    for (let column = 0; column < png.width; column++) {
      const packed = png.data[row * bytesPerRow + Math.floor(column / perByte)] ?? 0;
      values[row * png.width + column] = (packed >> (8 - png.depth * (column % perByte + 1))) & mask;
    }
  }
  return values;
}

function pngPixels(png: DecodedPng, path: string): DecodedImage {
  const { height, width, channels } = png;
  const pixels = new Uint8Array(height * width * 4);
  const data = channels === 1 ? singleChannel(png) : png.data;
  const colours = channels > 1 ? null : png.palette ?? greyLevels(png.depth);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const start = pixel * channels;
    const value = data[start] ?? 0;
    const target = pixel * 4;
    if (colours !== null) {
      const colour = colours[value];
      if (colour === undefined) {
        throw new Error(
          `Cannot read ${path}: a pixel has index ${value}, but the palette has ${colours.length} colours`,
        );
      }
      for (let channel = 0; channel < 3; channel++) pixels[target + channel] = colour[channel] ?? 0;
    } else {
      const isGrey = channels === 2;
      pixels[target] = value;
      pixels[target + 1] = isGrey ? value : data[start + 1] ?? 0;
      pixels[target + 2] = isGrey ? value : data[start + 2] ?? 0;
    }
    pixels[target + 3] = 255;
  }
  return { height, width, pixels };
}

function greyLevels(depth: number): number[][] {
  const last = 2 ** depth - 1;
  return Array.from({ length: last + 1 }, (_, value) => new Array<number>(3).fill(Math.round(value * 255 / last)));
}

// ---- JPEG

let jpegReady: Promise<void> | null = null;

async function decodeJpeg(bytes: Uint8Array, path: string): Promise<DecodedImage> {
  inspectJpeg(bytes, path);
  await (jpegReady ??= startJpegDecoder());
  try {
    const { height, width, data } = await decodeJpegBytes(Uint8Array.from(bytes).buffer);
    return { height, width, pixels: Uint8Array.from(data) };
  } catch (error) {
    // A decoder that gave up leaves its WebAssembly memory in an unknown state: the next image gets a fresh one.
    jpegReady = null;
    const detail = error instanceof Error ? error.message : String(error);
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
