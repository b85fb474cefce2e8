import { assert, assertEquals, assertThrows } from "@std/assert";
import { blankPicture, type Color, type Picture } from "../../src/report/picture.ts";
import { drawStrip } from "../../src/report/strip.ts";

const legend: { name: string; color: Color }[] = [
  { name: "road", color: [128, 64, 128] },
  { name: "traffic light", color: [250, 170, 30] },
];

function pixelsOf(picture: Picture, [red, green, blue]: Color): number {
  let count = 0;
  for (let offset = 0; offset < picture.pixels.length; offset += 3) {
    const [r, g, b] = picture.pixels.subarray(offset, offset + 3);
    if (r === red && g === green && b === blue) count++;
  }
  return count;
}

Deno.test("a strip shows every panel whole, at the size of the first", () => {
  const strip = drawStrip([
    { title: "image", picture: blankPicture(100, 200, [1, 2, 3]) },
    { title: "pseudo-labels", picture: blankPicture(50, 100, [4, 5, 6]) },
  ], []);
  assertEquals(pixelsOf(strip, [1, 2, 3]), 100 * 200);
  assertEquals(pixelsOf(strip, [4, 5, 6]), 100 * 200);
});

Deno.test("small pictures are enlarged by a whole factor", () => {
  const strip = drawStrip([{ title: "image", picture: blankPicture(24, 48, [1, 2, 3]) }], []);
  assertEquals(pixelsOf(strip, [1, 2, 3]), 24 * 48 * 16);
});

Deno.test("the legend has a swatch for every class, on as many lines as needed", () => {
  const panel = { title: "image", picture: blankPicture(48, 192, [1, 2, 3]) };
  const short = drawStrip([panel], legend);
  for (const { color } of legend) assert(pixelsOf(short, color) > 20);
  const long = drawStrip([panel], [...legend, ...legend, ...legend]);
  assert(long.height > short.height);
  assertEquals(long.width, short.width);
  const [first] = legend;
  assert(first !== undefined);
  assertEquals(pixelsOf(long, first.color), 3 * pixelsOf(short, first.color));
});

Deno.test("a title longer than its panel does not run into the next", () => {
  const title = "a title that is much longer than the picture below it";
  const panel = { title, picture: blankPicture(48, 192, [1, 2, 3]) };
  const twice = drawStrip([panel, panel], []);
  const once = drawStrip([panel], []);
  const inkOf = (picture: Picture) =>
    pixelsOf({ ...picture, height: 14, pixels: picture.pixels.slice(0, 14 * picture.width * 3) }, [32, 32, 32]);
  assertEquals(inkOf(twice), 2 * inkOf(once));
});

Deno.test("a strip without panels is refused", () => {
  assertThrows(() => drawStrip([], legend), RangeError, "without panels");
});
