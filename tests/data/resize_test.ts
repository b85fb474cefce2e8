import { assertEquals, assertThrows } from "@std/assert";
import { resizeImage, resizeLabels } from "../../src/data/resize.ts";
import { parseSize, roundSize } from "../../src/data/size.ts";
import { UsageError } from "../../src/errors.ts";

/** The definition, one value at a time: bilinear with half-pixel centres, rounded half up to a byte. */
function bilinear(
  pixels: Uint8Array,
  height: number,
  width: number,
  row: number,
  column: number,
  channel: number,
  scale: [number, number],
) {
  const y = Math.max(0, (row + 0.5) * scale[0] - 0.5);
  const x = Math.max(0, (column + 0.5) * scale[1] - 0.5);
  let sum = 0;
  for (const [r, wr] of [[Math.floor(y), 1 - y % 1], [Math.floor(y) + 1, y % 1]] as const) {
    for (const [c, wc] of [[Math.floor(x), 1 - x % 1], [Math.floor(x) + 1, x % 1]] as const) {
      sum += wr * wc * (pixels[(Math.min(r, height - 1) * width + Math.min(c, width - 1)) * 4 + channel] ?? 0);
    }
  }
  return sum;
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
      const value = channel === 3
        ? 255
        : bilinear(pixels, height, width, row, column, channel, [height / targetHeight, width / targetWidth]);
      // The sums round in another order: at a tie either byte is right.
      const isTie = Math.abs(value + 0.5 - Math.round(value + 0.5)) < 1e-9;
      if (!isTie) {
        assertEquals(
          result[index],
          Math.floor(value + 0.5),
          `[${row}, ${column}, ${channel}] of ${targetHeight}×${targetWidth}`,
        );
      }
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
    assertThrows(() => parseSize(text), UsageError, `Cannot read the size "${text}"`);
  }
});

Deno.test("roundSize() goes to the nearest multiple, ties up, never to zero", () => {
  assertEquals(roundSize({ height: 227, width: 320 }, 8), { height: 224, width: 320 });
  assertEquals(roundSize({ height: 228, width: 3 }, 8), { height: 232, width: 8 });
  assertEquals(roundSize({ height: 227, width: 1 }, 1), { height: 227, width: 1 });
});
