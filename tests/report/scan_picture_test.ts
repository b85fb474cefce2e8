import { assert, assertEquals } from "@std/assert";
import type { Color, Picture } from "../../src/report/picture.ts";
import { classPicture, pixelLabels, rangePicture, viewFromAbove } from "../../src/report/scan_picture.ts";
import { drawScanSheet } from "../../src/report/scan_sheet.ts";

const palette: readonly Color[] = [[255, 0, 0], [0, 255, 0]];

function colorAt({ width, pixels }: Picture, row: number, column: number): number[] {
  const start = (row * width + column) * 3;
  return [...pixels.subarray(start, start + 3)];
}

Deno.test("a pixel of a range image has the label and the range of the point that it shows, an empty one is black", () => {
  const winners = { height: 1, width: 3, winners: Uint32Array.of(1, 0xffffffff, 0) };
  assertEquals([...pixelLabels(winners, [0, 1]).labels], [1, 255, 0]);
  assertEquals([...classPicture(winners, [0, 1], palette).pixels], [0, 255, 0, 0, 0, 0, 255, 0, 0]);
  const ranges = rangePicture(winners, [3, 60]);
  assertEquals(colorAt(ranges, 0, 1), [0, 0, 0]);
  const sum = (column: number) => colorAt(ranges, 0, column).reduce((total, value) => total + value, 0);
  assert(sum(2) > sum(0), "what is near is not the brighter one");
  assert(sum(0) > 0, "what is far cannot be told from empty");
});

Deno.test("seen from above, forward is up, left is left, and of two points the higher one is seen", () => {
  // In front, to the left, and two behind at one place, of which the first is higher; then one without a label.
  const rows = [8, 0, 0, 1, 0, 8, 0, 1, -8, 0, 2, 1, -8, 0, 1, 1, 0, -8, 0, 1].map(Number);
  const picture = viewFromAbove({ rows, columns: 4 }, [0, 1, 1, 0, 255], palette, { side: 10, reach: 10 });
  assertEquals(colorAt(picture, 1, 5), [255, 0, 0]);
  assertEquals(colorAt(picture, 5, 1), [0, 255, 0]);
  assertEquals(colorAt(picture, 9, 5), [0, 255, 0]);
  assertEquals(colorAt(picture, 5, 9), [70, 70, 70]);
  assertEquals(colorAt(picture, 5, 5), [0, 0, 0]);
});

Deno.test("points that are not finite or out of reach are not drawn", () => {
  const rows = [NaN, 0, 0, 1, 0, NaN, 0, 1, 0, 0, NaN, 1, 50, 0, 0, 1, -50, 0, 0, 1, 0, 1e30, 0, 1];
  const picture = viewFromAbove({ rows, columns: 4 }, [0, 0, 0, 0, 0, 0], palette, { side: 8, reach: 10 });
  assert(picture.pixels.every((byte) => byte === 0));
});

Deno.test("the sheet of a scan shows the range image, each kind of labels twice, and the legend", () => {
  const scan = {
    ...{ rows: [8, 0, 0, 1, 0, 8, 0, 1], columns: 4, ranges: [8, 8], aspect: 2 },
    ...{
      height: 2,
      width: 16,
      winners: Int32Array.from({ length: 32 }, (_, place) => place === 3 ? 0 : place === 20 ? 1 : -1),
    },
  };
  const legend = palette.map((color, id) => ({ name: `class ${id}`, color }));
  const count = (picture: Picture, [red, green, blue]: Color) => {
    let found = 0;
    for (let at = 0; at < picture.pixels.length; at += 3) {
      const [r, g, b] = picture.pixels.subarray(at, at + 3);
      if (r === red && g === green && b === blue) found++;
    }
    return found;
  };
  const none = drawScanSheet(scan, [], legend);
  const one = drawScanSheet(scan, [{ title: "truth", labels: [0, 1] }], legend);
  const two = drawScanSheet(scan, [{ title: "truth", labels: [0, 1] }, { title: "found", labels: [0, 1] }], legend);
  assertEquals(none.width, 16 * 64 + 12);
  const [red = [0, 0, 0]] = palette;
  // A pixel is enlarged to 64×128, and a point from above is a dot of 2×2.
  assertEquals(count(one, red) - count(none, red), 64 * 128 + 4);
  assertEquals(count(two, red) - count(none, red), 2 * (64 * 128 + 4));
});
