/**
 * Small files for the tests of data sets: folders that are removed afterwards, and PNGs of any shape.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
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
