/**
 * Small files for the tests of data sets: folders that are removed afterwards, and PNGs of any shape.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { crc32 } from "node:zlib";
import { dirname, join } from "node:path";
import { encode } from "fast-png";
import { encodeLabelPng, encodeRgbPng } from "../../src/data/encode.ts";

/** Runs `body` with an empty folder and removes it. */
export async function withFolder(body: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "crosswalk-data-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes a file and the folders above it. */
export function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** A PNG of one colour. */
export function plainPng(height: number, width: number, colour: number[]): Uint8Array {
  return encodeRgbPng(
    Uint8Array.from({ length: height * width * 3 }, (_, index) => colour[index % 3] ?? 0),
    height,
    width,
  );
}

/** A grey PNG of 16 bits. */
export function deepPng(height: number, width: number, channels: 1 | 3): Uint8Array {
  const data = Uint16Array.from({ length: height * width * channels }, (_, index) => index * 257);
  return encode({ height, width, channels, depth: 16, data });
}

/**
 * Writes a data set with the classes road, car and sky. Its split `train` has `count` labelled images of 6×8 pixels.
 * All pixels of an image have the id `index % 3`.
 */
export function writeSmallDataset(folder: string, count: number): void {
  write(
    join(folder, "dataset.json"),
    JSON.stringify({
      name: "small",
      classes: ["road", "car", "sky"],
      palette: [[1, 2, 3], [4, 5, 6], [7, 8, 9]],
      extra: true,
    }),
  );
  for (let index = 0; index < count; index++) {
    write(join(folder, `train/images/${index}.png`), plainPng(6, 8, [index, 10 * index, 200]));
    write(join(folder, `train/labels/${index}.png`), encodeLabelPng(new Uint8Array(48).fill(index % 3), 6, 8));
  }
}

/** The bytes of a small image file that is kept beside the tests. */
export function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
}

/** EXIF data that holds an orientation and nothing else. */
export function exifData(orientation: number, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(26);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, littleEndian ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, littleEndian);
  view.setUint32(4, 8, littleEndian); // the first directory
  view.setUint16(8, 1, littleEndian); // its entries
  view.setUint16(10, 274, littleEndian);
  view.setUint16(12, 3, littleEndian); // a short
  view.setUint32(14, 1, littleEndian);
  view.setUint16(18, orientation, littleEndian);
  return bytes;
}

/** A JPEG file with EXIF data as its first segment. */
export function withExif(jpeg: Uint8Array, exif: Uint8Array): Uint8Array {
  const length = 2 + 6 + exif.length;
  const segment = [0xff, 0xe1, length >> 8, length & 255, ...new TextEncoder().encode("Exif\0\0"), ...exif];
  return Uint8Array.from([...jpeg.subarray(0, 2), ...segment, ...jpeg.subarray(2)]);
}

/** A PNG file with one more chunk behind its header. `crc` is computed unless it is given. */
export function withChunk(png: Uint8Array, name: string, content: Uint8Array, crc?: number): Uint8Array {
  const body = [...new TextEncoder().encode(name), ...content];
  const bytesOf = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  const chunk = [...bytesOf(content.length), ...body, ...bytesOf(crc ?? crc32(Uint8Array.from(body)))];
  return Uint8Array.from([...png.subarray(0, 33), ...chunk, ...png.subarray(33)]);
}
