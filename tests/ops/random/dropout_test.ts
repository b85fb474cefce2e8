import { assert, assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { input } from "../../../src/graph/tensor.ts";
import { dropout } from "../../../src/ops/random/dropout.ts";
import { dropout as twin } from "../../twins/dropout.ts";
import { checkOp, runGraph, type TestInput } from "../harness.ts";

const key = (...values: number[]): TestInput => ({ shape: [4], dtype: "u32", layout: "plain", values });
const ones = (shape: number[]): TestInput => ({
  shape,
  values: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1),
});

for (const probability of [0.1, 0.5, 0.9]) {
  Deno.test(`dropout() has the mask of philox in both directions with probability ${probability}`, async () => {
    const shape = [3, 6, 5, 7];
    const numbers = [4_000_000_000, 2, 1234, 3_141_592_653];
    await checkOp<"x" | "key">({
      inputs: { x: { shape }, key: key(...numbers) },
      op: ({ x, key }) => dropout(x, { probability, key }),
      twin: ({ x }) => twin(x, shape, { probability, key: numbers }),
      gradientOf: ["x"],
    });
  });
}

Deno.test("dropout() drops the wanted share and keeps the mean", async () => {
  const { y = new Float32Array() } = await runGraph(
    { x: ones([1, 64, 64, 64]), key: key(7, 0, 0, 0) },
    ({ x, key }) => ({ y: dropout(x, { probability: 0.3, key }) }),
  );
  const dropped = y.filter((value) => value === 0).length / y.length;
  const standardDeviation = Math.sqrt(0.3 * 0.7 / y.length);
  assert(Math.abs(dropped - 0.3) < 5 * standardDeviation, `${dropped} of the elements were dropped`);
  assertEquals(new Set(y), new Set([0, Math.fround(1 / 0.7)]));
});

Deno.test("dropout() has another mask for another seed, stage, step or layer, and the same for the same key", async () => {
  const keys = [[1, 1, 1, 1], [2, 1, 1, 1], [1, 2, 1, 1], [1, 1, 2, 1], [1, 1, 1, 2]];
  const masks: string[] = [];
  for (const numbers of [...keys, [1, 1, 1, 1]]) {
    const { y } = await runGraph(
      { x: ones([1, 4, 8, 8]), key: key(...numbers) },
      ({ x, key }) => ({ y: dropout(x, { probability: 0.5, key }) }),
    );
    masks.push(String(y));
  }
  assertEquals(masks.at(-1), masks[0]);
  for (const [index, mask] of masks.slice(1, -1).entries()) assertNotEquals(mask, masks[0], `key ${keys[index + 1]}`);
});

Deno.test("dropout() with probability 0 is the tensor itself, and 1 is refused", () => {
  const x = input("x", [1, 4, 2, 2]);
  const key = input("key", [4], { dtype: "u32", layout: "plain" });
  assertStrictEquals(dropout(x, { probability: 0, key }), x);
  assertThrows(() => dropout(x, { probability: 1, key }), RangeError, "probability 1 is not in [0, 1)");
  assertThrows(() => dropout(x, { probability: 0.5, key: x }), RangeError, "must be four plain u32");
});
