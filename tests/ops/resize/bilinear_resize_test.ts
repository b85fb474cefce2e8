import { assertEquals, assertThrows } from "@std/assert";
import { input } from "../../../src/graph/tensor.ts";
import { bilinearResize } from "../../../src/ops/resize/bilinear_resize.ts";
import { bilinearResize as twin } from "../../twins/bilinear_resize.ts";
import { checkOp } from "../harness.ts";

const cases = [
  { name: "eight times larger", shape: [2, 5, 3, 4], height: 24, width: 32 },
  { name: "larger by no whole factor", shape: [3, 7, 5, 3], height: 13, width: 11 },
  { name: "smaller", shape: [2, 4, 11, 9], height: 4, width: 2 },
  { name: "larger in one axis, smaller in the other", shape: [1, 3, 7, 6], height: 3, width: 17 },
  { name: "the same size", shape: [1, 4, 5, 6], height: 5, width: 6 },
  { name: "from one pixel", shape: [2, 6, 1, 1], height: 5, width: 7 },
  { name: "to one pixel", shape: [2, 6, 5, 4], height: 1, width: 1 },
  { name: "from one row to two", shape: [1, 4, 1, 3], height: 2, width: 4 },
];

for (const { name, shape, height, width } of cases) {
  for (const alignCorners of [false, true]) {
    const corners = alignCorners ? "with" : "without";
    Deno.test(`bilinearResize() matches its definition and its gradient ${name} ${corners} aligned corners`, async () => {
      await checkOp({
        inputs: { x: { shape } },
        op: ({ x }) => bilinearResize(x, { height, width, alignCorners }),
        twin: ({ x }) => twin(x, shape, { height, width, alignCorners }),
        gradientOf: ["x"],
      });
    });
  }
}

Deno.test("bilinearResize() adds a residual in its pass, which has the gradient of the result", async () => {
  const [shape, height, width] = [[2, 5, 3, 4], 7, 9];
  await checkOp({
    inputs: { x: { shape }, z: { shape: [2, 5, height, width] } },
    op: ({ x, z }) => bilinearResize(x, { height, width, alignCorners: true, residual: z }),
    twin: ({ x, z }) => {
      const resized = twin(x, shape, { height, width, alignCorners: true });
      return Array.from(z, (value, index) => value + (resized[index] ?? NaN));
    },
    gradientOf: ["x", "z"],
  });
});

Deno.test("bilinearResize() refuses a residual of another shape", () => {
  const [x, residual] = [input("x", [1, 4, 5, 5]), input("z", [1, 4, 6, 7])];
  assertThrows(() => bilinearResize(x, { height: 6, width: 8, residual }), RangeError, "is not [1, 4, 6, 8]");
});

Deno.test("bilinearResize() refuses sides whose product its whole numbers do not hold", async () => {
  const resize = (from: number, to: number) => bilinearResize(input("x", [1, 4, 1, from]), { height: 1, width: to });
  assertThrows(() => resize(32768, 32769), RangeError, "32768 columns cannot be interpolated to 32769");
  assertThrows(
    () => bilinearResize(input("x", [1, 4, 32769, 1]), { height: 32768, width: 1 }),
    RangeError,
    "32769 rows cannot be interpolated to 32768",
  );
  assertEquals(resize(40_000, 40_000).shape, [1, 4, 1, 40_000]);
  // The largest that is allowed.
  const [shape, size] = [[1, 1, 1, 32767], { height: 1, width: 32768 }];
  await checkOp({
    inputs: { x: { shape } },
    op: ({ x }) => bilinearResize(x, size),
    twin: ({ x }) => twin(x, shape, { ...size, alignCorners: false }),
    gradientOf: ["x"],
  });
});

Deno.test("bilinearResize() refuses a side below 1", () => {
  assertThrows(
    () => bilinearResize(input("x", [1, 4, 5, 5]), { height: 0, width: 3 }),
    RangeError,
    "cannot be resized to 0×3",
  );
});
