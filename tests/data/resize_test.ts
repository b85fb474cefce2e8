import { assertEquals, assertThrows } from "@std/assert";
import { resizeImage, resizeLabels } from "../../src/data/resize.ts";
import { parseSize, roundSize } from "../../src/data/size.ts";

/**
 * The definition, one value at a time, in whole numbers: bilinear with half-pixel centres, halves rounded up to a byte.
 * A tap is a source index and its weight in parts of `2 · targetLength`.
 */
function bilinearByte(
  pixels: Uint8Array,
  width: number,
  rows: Tap[],
  columns: Tap[],
  channel: number,
  parts: number,
): number {
  let sum = 0n;
  for (const [row, rowWeight] of rows) {
    for (const [column, columnWeight] of columns) {
      sum += BigInt(rowWeight) * BigInt(columnWeight) * BigInt(pixels[(row * width + column) * 4 + channel] ?? 0);
    }
  }
  return Number((2n * sum + BigInt(parts)) / (2n * BigInt(parts)));
}

type Tap = [index: number, weight: number];

function taps(target: number, length: number, targetLength: number): Tap[] {
  const position = Math.max(0, (2 * target + 1) * length - targetLength);
  const [lower, share] = [Math.floor(position / (2 * targetLength)), position % (2 * targetLength)];
  return [[Math.min(lower, length - 1), 2 * targetLength - share], [Math.min(lower + 1, length - 1), share]];
}

function noise(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => index % 4 === 3 ? 255 : Math.imul(index + 1, 2654435761) >>> 24);
}

Deno.test("resizeImage() is the bilinear definition, growing and shrinking, on prime sides", () => {
  for (
    const [height, width, targetHeight, targetWidth] of [[7, 11, 13, 5], [13, 5, 7, 11], [1, 1, 3, 2], [
      5,
      7,
      1,
      1,
    ]] as const
  ) {
    const pixels = noise(height * width * 4);
    const result = resizeImage(pixels, height, width, targetHeight, targetWidth);
    for (let index = 0; index < result.length; index++) {
      const [channel, column, row] = [
        index % 4,
        Math.floor(index / 4) % targetWidth,
        Math.floor(index / 4 / targetWidth),
      ];
      const [rows, columns] = [taps(row, height, targetHeight), taps(column, width, targetWidth)];
      const wanted = bilinearByte(pixels, width, rows, columns, channel, 4 * targetHeight * targetWidth);
      assertEquals(result[index], wanted, `[${row}, ${column}, ${channel}] of ${targetHeight}×${targetWidth}`);
    }
  }
});

Deno.test("resizeImage() rounds halves up and keeps an image of the wanted size", () => {
  const pixels = Uint8Array.of(0, 10, 20, 255, 1, 10, 23, 255);
  assertEquals(Array.from(resizeImage(pixels, 1, 2, 1, 1)), [1, 10, 22, 255]);
  assertEquals(resizeImage(pixels, 1, 2, 1, 2), pixels);
});

Deno.test("resizeLabels() takes the nearest pixel by whole-number arithmetic", () => {
  assertEquals(Array.from(resizeLabels(Uint8Array.of(0, 1, 2), 1, 3, 1, 2)), [0, 2]);
  assertEquals(Array.from(resizeLabels(Uint8Array.of(0, 1, 2), 3, 1, 5, 1)), [0, 0, 1, 2, 2]);
  assertEquals(Array.from(resizeLabels(Uint8Array.of(3, 255, 4, 5), 2, 2, 4, 2)), [3, 255, 3, 255, 4, 5, 4, 5]);
});

Deno.test("parseSize() reads height x width and refuses anything else", () => {
  assertEquals(parseSize("240x320"), { height: 240, width: 320 });
  for (const text of ["240", "0x320", "240x", "-1x5", "2.5x4", "240x320x3", ""]) {
    assertThrows(() => parseSize(text), RangeError, `Cannot read the size "${text}"`);
  }
});

Deno.test("roundSize() goes to the nearest multiple, ties up, never to zero", () => {
  assertEquals(roundSize({ height: 227, width: 320 }, 8), { height: 224, width: 320 });
  assertEquals(roundSize({ height: 228, width: 3 }, 8), { height: 232, width: 8 });
  assertEquals(roundSize({ height: 227, width: 1 }, 1), { height: 227, width: 1 });
});
