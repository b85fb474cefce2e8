import { assert, assertEquals, assertThrows } from "@std/assert";
import { GLYPH_HEIGHT, GLYPH_WIDTH, glyphRows } from "../../src/report/font.ts";
import {
  blankPicture,
  type Color,
  colorLabels,
  drawPicture,
  drawText,
  overlayLabels,
  type Picture,
  pictureOf,
  scalePicture,
} from "../../src/report/picture.ts";

const palette: Color[] = [[10, 20, 30], [200, 100, 50]];

function pixel({ width, pixels }: Picture, row: number, column: number): number[] {
  return [...pixels.subarray((row * width + column) * 3, (row * width + column) * 3 + 3)];
}

Deno.test("labels take the colours of their classes, ignored pixels are black", () => {
  const picture = colorLabels({ height: 1, width: 3, labels: Uint8Array.of(1, 255, 0) }, palette);
  assertEquals([...picture.pixels], [200, 100, 50, 0, 0, 0, 10, 20, 30]);
});

Deno.test("an overlay mixes image and colour, and leaves ignored pixels as they are", () => {
  const image = blankPicture(1, 2, [100, 100, 100]);
  const overlay = overlayLabels(image, { height: 1, width: 2, labels: Uint8Array.of(1, 255) }, palette, 0.25);
  assertEquals([...overlay.pixels], [125, 100, 88, 100, 100, 100]);
  assertEquals([...image.pixels], [100, 100, 100, 100, 100, 100]);
});

Deno.test("an overlay of labels of half the size covers the same places, not shifted by a pixel", () => {
  const image = blankPicture(4, 6, [0, 0, 0]);
  const labels = { height: 2, width: 3, labels: Uint8Array.of(0, 1, 0, 1, 0, 1) };
  const overlay = overlayLabels(image, labels, palette, 1);
  assertEquals(overlay, scalePicture(colorLabels(labels, palette), 4, 6));
  assertEquals(pixel(overlay, 1, 2), [200, 100, 50]);
  assertEquals(pixel(overlay, 1, 4), [10, 20, 30]);
  assertEquals(pixel(overlay, 2, 2), [10, 20, 30]);
});

Deno.test("scaling by a whole factor and back gives the same picture", () => {
  const picture = pictureOf(Uint8Array.from({ length: 5 * 7 * 3 }, (_, index) => index * 37 % 256), 5, 7);
  assertEquals(scalePicture(scalePicture(picture, 15, 21), 5, 7), picture);
});

Deno.test("a picture of four bytes a pixel loses its fourth, other lengths are refused", () => {
  assertEquals([...pictureOf(Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 0), 1, 2).pixels], [1, 2, 3, 4, 5, 6]);
  assertThrows(() => pictureOf(new Uint8Array(7), 1, 2), RangeError, "7 bytes");
});

Deno.test("what is drawn over the border is cut off, on every side", () => {
  const stamp = blankPicture(2, 2, [255, 255, 255]);
  for (const [top, left, row, column] of [[-1, -1, 0, 0], [-1, 2, 0, 2], [2, -1, 2, 0], [2, 2, 2, 2]] as const) {
    const canvas = blankPicture(3, 3, [0, 0, 0]);
    drawPicture(canvas, stamp, top, left);
    assertEquals(pixel(canvas, row, column), [255, 255, 255]);
    assertEquals(canvas.pixels.filter((value) => value === 255).length, 3, `${top}, ${left}`);
  }
});

Deno.test("every printable character has a glyph of its own that fits its cell", () => {
  const seen = new Map<string, string>();
  for (let code = 33; code < 127; code++) {
    const character = String.fromCharCode(code);
    const rows = glyphRows(character);
    assertEquals(rows.length, GLYPH_HEIGHT);
    assert(rows.every((bits) => bits >= 0 && bits < 1 << GLYPH_WIDTH), character);
    assert(rows.some((bits) => bits > 0), `${character} is empty`);
    const twin = seen.get(rows.join(","));
    assertEquals(twin, undefined, `${character} looks like ${twin}`);
    seen.set(rows.join(","), character);
  }
  assertEquals(glyphRows(" "), new Array(GLYPH_HEIGHT).fill(0));
  assertEquals(glyphRows("ü"), glyphRows("→"));
});

Deno.test("text stands where it was put, at its scale", () => {
  const canvas = blankPicture(20, 20, [0, 0, 0]);
  drawText(canvas, "L", { top: 2, left: 3, scale: 2, color: [9, 9, 9] });
  // An L: its foot of 5 font pixels is the seventh row.
  const foot = Array.from({ length: 20 }, (_, column) => pixel(canvas, 2 + 6 * 2, column)[0]);
  assertEquals(foot.indexOf(9), 3);
  assertEquals(foot.lastIndexOf(9), 3 + 2 * GLYPH_WIDTH - 1);
  assertEquals(pixel(canvas, 1, 3), [0, 0, 0]);
  assertEquals(pixel(canvas, 2, 5), [0, 0, 0]);
});
