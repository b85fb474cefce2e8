import { assert, assertEquals, assertThrows } from "@std/assert";
import { makeSample } from "../../src/data/sample.ts";
import { canvasOf, countStretched, exactly, groupingOf, planCanvases, planShapes } from "../../src/data/shapes.ts";
import { type Size, workingSize } from "../../src/data/size.ts";
import { Random } from "../../src/random.ts";

const size = (height: number, width: number): Size => ({ height, width });
const pixels = (sizes: readonly Size[]) => sizes.reduce((sum, { height, width }) => sum + height * width, 0);

Deno.test("the working size is exactly the wanted one, or keeps the shape at a short side, or is the image's own", () => {
  assertEquals(workingSize(size(300, 400), size(8, 8)), size(8, 8));
  assertEquals(workingSize(size(3024, 4032), { shortSide: 240 }), size(240, 320));
  assertEquals(workingSize(size(4032, 3024), { shortSide: 240 }), size(320, 240));
  assertEquals(workingSize(size(227, 320), { shortSide: 240 }), size(240, 338));
  assertEquals(workingSize(size(1000, 2), { shortSide: 1 }), size(500, 1));
  assertEquals(workingSize(size(301, 403), null), size(301, 403));
});

Deno.test("a hundred shapes take four canvases; each holds its images, and little is padded", () => {
  const random = new Random(1, "shapes");
  const shapes = Array.from(
    { length: 100 },
    (_, index) => size(200 + random.integer(200, index, 0), 200 + random.integer(200, index, 1)),
  );
  const canvases = planCanvases(shapes, 8);
  assertEquals(canvases.length, 4);
  for (const { height, width } of canvases) assertEquals([height % 8, width % 8], [0, 0]);
  const padded = shapes.map((shape) => canvasOf(shape, canvases, 8));
  for (const [index, { height, width }] of padded.entries()) {
    assert(canvases.some((canvas) => canvas.height === height && canvas.width === width));
    assert(height >= (shapes[index]?.height ?? NaN) && width >= (shapes[index]?.width ?? NaN));
  }
  // One canvas for all would be twice as large as the images together.
  const one = pixels(shapes.map((shape) => canvasOf(shape, planCanvases(shapes, 8, 1), 8)));
  assert(pixels(padded) < 1.4 * pixels(shapes) && pixels(padded) < 0.75 * one, `${pixels(padded) / pixels(shapes)}`);
});

Deno.test("few shapes have a canvas each, as small as the network allows; a shape that fits none has its own", () => {
  const canvases = planCanvases([size(240, 320), size(320, 240), size(240, 320), size(231, 318)], 8);
  assertEquals(canvases, [size(240, 320), size(320, 240), size(232, 320)]);
  assertEquals(canvasOf(size(225, 313), canvases, 8), size(232, 320));
  assertEquals(canvasOf(size(225, 321), canvases, 8), size(232, 328));
  // Far more shapes than are compared one by one.
  const many = Array.from({ length: 3000 }, (_, index) => size(8 * (1 + index % 60), 8 * (1 + Math.floor(index / 60))));
  assertEquals(planCanvases(many, 8).length, 4);
});

Deno.test("images of one size are not mixed; what is not planned is, unless all are worked on at exactly one size", () => {
  const one = [size(480, 640), size(480, 640)];
  assertEquals(planShapes({ shortSide: 240 }, one, 8), {
    size: { shortSide: 240 },
    canvases: [size(240, 320)],
    areMixed: false,
  });
  // Of the same working size, but their labels have two sizes.
  assertEquals(planShapes({ shortSide: 240 }, [...one, size(240, 320)], 8).areMixed, true);
  assertEquals(planShapes(size(240, 320), [...one, size(9, 9)], 8), exactly(size(240, 320)));
  assertEquals(groupingOf({ size: null }), { canvases: [], areMixed: true });
  assertEquals(groupingOf({ size: size(8, 8) }), { canvases: [size(8, 8)], areMixed: false });
});

Deno.test("an image is stretched where its shape is another, not where only its size is", () => {
  assertEquals(countStretched([size(480, 640), size(240, 320), size(227, 320), size(640, 480)], size(240, 320)), 2);
});

Deno.test("a thin image that a short side would make huge is refused; others are not", () => {
  const sample = (width: number) =>
    makeSample("thin", { height: 1, width, pixels: new Uint8Array(4 * width) }, null, {
      size: { shortSide: 8 },
      maxPixels: 6400,
    });
  assertEquals(sample(100).image.width, 800);
  assertThrows(() => sample(101), Error, "with that short side it would have 8×808, 6464. At most 6400 are worked on");
});
