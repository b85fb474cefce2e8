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

for (const  of of["elements", "channels"] as const) {
  for (const probability of [0.1, 0.5, 0.9]) {
    Deno.test(`dropout() of ${of} has the mask of philox in both directions with probability ${probability}`, async () => {
      const shape = [3, 6, 5, 7];
      const numbers = [4_000_000_000, 2, 1234, 3_141_592_653];
      await checkOp<"x" | "key">({
        inputs: { x: { shape }, key: key(...numbers) },
        op: ({ x, key }) => dropout(x, { probability, key, of }),
        twin: ({ x }) => twin(x, shape, { probability, key: numbers, of }),
        gradientOf: ["x"],
      });
    });
  }
}

Deno.test("dropout() of channels drops whole channels, others in each image", async () => {
  const [images, channels, pixels] = [16, 60, 12];
  const { y = new Float32Array() } = await runGraph(
    { x: ones([images, channels, 4, 3]), key: key(7, 0, 0, 0) },
    ({ x, key }) => ({ y: dropout(x, { probability: 0.5, key, of: "channels" }) }),
  );
  const planes = Array.from({ length: images * channels }, (_, at) => new Set(y.slice(at * pixels, (at + 1) * pixels)));
  assert(planes.every(({ size }) => size === 1), "a channel was dropped in part");
  const kept = planes.map((plane) => plane.has(2));
  const share = kept.filter(Boolean).length / kept.length;
  assert(Math.abs(share - 0.5) < 5 * Math.sqrt(0.25 / kept.length), `${share} of the channels were kept`);
  const masks = Array.from(
    { length: images },
    (_, image) => kept.slice(image * channels, (image + 1) * channels).join(),
  );
  assertEquals(new Set(masks).size, images);
});

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
  const vector = input("vector", [4], { layout: "channels" });
  assertThrows(
    () => dropout(vector, { probability: 0.5, key, of: "channels" }),
    RangeError,
    "has no channels of an image",
  );
  assertThrows(() => dropout(x, { probability: 0.5, key: x }), RangeError, "must be four plain u32");
});
