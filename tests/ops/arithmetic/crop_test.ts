import { assertThrows } from "@std/assert";
import { input } from "../../../src/graph/tensor.ts";
import { crop } from "../../../src/ops/arithmetic/crop.ts";
import { crop as twin } from "../../twins/crop.ts";
import { checkOp } from "../harness.ts";

for (
  const [name, window] of [
    ["inside the image", { top: 2, left: 1, height: 3, width: 4 }],
    ["of one pixel", { top: 6, left: 0, height: 1, width: 1 }],
    ["of the whole image", { top: 0, left: 0, height: 7, width: 6 }],
    ["around the image", { top: -2, left: -3, height: 10, width: 13 }],
    ["beyond one corner", { top: 5, left: -2, height: 6, width: 5 }],
    ["outside of the image", { top: 9, left: -30, height: 2, width: 3 }],
  ] as const
) {
  Deno.test(`crop() and its gradient match their definition with a window ${name}`, async () => {
    const shape = [2, 5, 7, 6];
    await checkOp({
      inputs: { x: { shape } },
      op: ({ x }) => crop(x, window),
      twin: ({ x }) => twin(x, shape, window),
      gradientOf: ["x"],
    });
  });
}

Deno.test("crop() refuses a window that is no whole number of pixels, or empty", () => {
  const x = input("x", [1, 5, 4, 4]);
  const window = { top: 0, left: 0, height: 2, width: 2 };
  assertThrows(() => crop(x, { ...window, height: 0 }), RangeError, "has no window of 0×2 pixels from row 0");
  assertThrows(() => crop(x, { ...window, left: 0.5 }), RangeError, "from row 0 and column 0.5");
  assertThrows(() => crop(input("c", [5], { layout: "channels" }), window), RangeError, "has no window");
});
