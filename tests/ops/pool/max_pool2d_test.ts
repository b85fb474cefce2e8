import { assertEquals, assertThrows } from "@std/assert";
import { gradients } from "../../../src/ops/gradients.ts";
import { input } from "../../../src/graph/tensor.ts";
import { poolGeometry } from "../../../src/ops/pool/geometry.ts";
import { maxPool2d } from "../../../src/ops/pool/max_pool2d.ts";
import { maxPool2d as twin } from "../../twins/pool.ts";
import { checkOp, runGraph } from "../harness.ts";
import { poolCases } from "./cases.ts";

for (const { name, input: shape, output, ...options } of poolCases) {
  Deno.test(`maxPool2d() matches its definition and its gradient with ${name}`, async () => {
    const geometry = poolGeometry("maxPool2d", input("x", shape), options);
    assertEquals([geometry.outputHeight, geometry.outputWidth], output);
    await checkOp({
      inputs: { x: { shape } },
      op: ({ x }) => maxPool2d(x, options),
      twin: ({ x }) => twin(x, { ...geometry, input: shape }),
      gradientOf: ["x"],
    });
  });
}

Deno.test("maxPool2d() sends the gradient to the first of several equal maxima in row-major order", async () => {
  const { gradient } = await runGraph({
    x: { shape: [1, 1, 2, 4], values: [1, 5, 2, 2, 5, 5, 2, 2] },
    dy: { shape: [1, 1, 1, 2], values: [3, 7] },
  }, ({ x, dy }) => {
    const [gradient = x] = gradients(maxPool2d(x, { kernel: 2 }), [x], dy);
    return { gradient };
  });
  assertEquals(Array.from(gradient ?? []), [0, 3, 7, 0, 0, 0, 0, 0]);
});

Deno.test("maxPool2d() takes the first pixel inside the image where padded windows of equal values overlap", async () => {
  const { gradient } = await runGraph({
    x: { shape: [1, 1, 3, 3], values: new Float32Array(9).fill(-1) },
    dy: { shape: [1, 1, 3, 3], values: new Float32Array(9).fill(1) },
  }, ({ x, dy }) => {
    const [gradient = x] = gradients(maxPool2d(x, { kernel: 3, stride: 1, padding: 1 }), [x], dy);
    return { gradient };
  });
  assertEquals(Array.from(gradient ?? []), [4, 2, 0, 2, 1, 0, 0, 0, 0]);
});

Deno.test("maxPool2d() passes no gradient to a window that holds a value that is not a number", async () => {
  const { gradient } = await runGraph({
    x: { shape: [1, 1, 2, 6], values: [NaN, 1, 2, NaN, 3, 1, 0, 2, 1, 4, 2, 2] },
    dy: { shape: [1, 1, 1, 3], values: [3, 5, 7] },
  }, ({ x, dy }) => {
    const [gradient = x] = gradients(maxPool2d(x, { kernel: 2 }), [x], dy);
    return { gradient };
  });
  assertEquals(Array.from(gradient ?? []), [0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("maxPool2d() never lets the padding win over negative pixels", async () => {
  const { y } = await runGraph(
    { x: { shape: [1, 1, 2, 2], values: [-4, -3, -2, -5] } },
    ({ x }) => ({ y: maxPool2d(x, { kernel: 3, stride: 1, padding: 1 }) }),
  );
  assertEquals(Array.from(y ?? []), [-2, -2, -2, -2]);
});

Deno.test("maxPool2d() refuses padding of more than half the window and windows that do not fit", () => {
  const x = input("x", [1, 4, 5, 5]);
  assertThrows(() => maxPool2d(x, { kernel: 3, padding: 2 }), RangeError, "more than half of the 3×3 window");
  assertThrows(() => maxPool2d(x, { kernel: 6 }), RangeError, "does not fit into 5×5 pixels");
  assertThrows(() => maxPool2d(x, { kernel: [2, 3] }), RangeError, "the stride must be given");
});
