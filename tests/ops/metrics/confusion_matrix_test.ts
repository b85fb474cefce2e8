import { assertEquals, assertThrows } from "@std/assert";
import { wholeRange } from "../../../src/gpu/launch.ts";
import { confusionBytes, confusionDispatch } from "../../../src/ops/metrics/confusion_matrix.ts";
import { Random } from "../../../src/random.ts";
import { testWithShared } from "../../shared.ts";
import { confusionMatrix as twin, confusionWithMisses } from "../../twins/confusion_matrix.ts";
import { testGpu } from "../harness.ts";

for (
  const { name, classes, pixels } of [
    { name: "one pixel", classes: 3, pixels: 1 },
    { name: "a number of pixels that is no multiple of 4", classes: 7, pixels: 3 * 13 * 11 },
    { name: "many workgroups", classes: 19, pixels: 20_003 },
    { name: "32 classes", classes: 32, pixels: 5_000 },
    { name: "33 classes", classes: 33, pixels: 5_000 },
    { name: "64 classes", classes: 64, pixels: 20_000 },
    { name: "255 classes", classes: 255, pixels: 150_001 },
    { name: "one class", classes: 1, pixels: 77 },
  ]
) {
  Deno.test(`confusionDispatch() equals its definition with ${name}`, async () => {
    const truth = randomLabels(pixels, "truth", classes);
    const predicted = randomLabels(pixels, "predicted", classes);
    assertEquals(await count(predicted, truth, classes, 1), twin(predicted, truth, classes));
  });
}

Deno.test("confusionDispatch() adds to what was counted before", async () => {
  const truth = randomLabels(101, "truth", 5);
  const predicted = randomLabels(101, "predicted", 5);
  assertEquals(await count(predicted, truth, 5, 3), twin(predicted, truth, 5).map((value) => 3 * value));
});

for (const classes of [1, 19, 33, 254]) {
  Deno.test(`confusionDispatch() counts misses of ${classes} classes in a column of their own`, async () => {
    const truth = randomLabels(5003, "truth", classes);
    const predicted = randomLabels(5003, "predicted", classes);
    assertEquals(
      await count(predicted, truth, classes, 1, true),
      confusionWithMisses(predicted, truth, classes),
    );
  });
}

Deno.test("confusionDispatch() counts long runs of one pair", async () => {
  const truth = new Uint8Array(4099).fill(2);
  const predicted = new Uint8Array(4099).fill(1);
  assertEquals(await count(predicted, truth, 3, 1), [0, 0, 0, 0, 0, 0, 0, 4099, 0]);
});

Deno.test("confusionDispatch() refuses more classes or pixels than there can be", async () => {
  const gpu = await testGpu();
  const buffer = gpu.createBuffer(16, "labels");
  const range = wholeRange(buffer);
  assertThrows(() => confusionDispatch(gpu, range, range, buffer, { classes: 256, pixels: 4 }), RangeError, "1 to 255");
  assertThrows(() => confusionDispatch(gpu, range, range, buffer, { classes: 3, pixels: 17 }), RangeError, "16 bytes");
  gpu.destroyBuffer(buffer);
});

testWithShared(
  "confusionDispatch() equals the shared vectors",
  ["vectors/miou/gt.npy", "vectors/miou/pred.npy", "vectors/miou/miou.json"],
  async (truthPath = "", predictedPath = "", scoresPath = "") => {
    const scores: { confusion_rows_gt_columns_pred: number[][] } = JSON.parse(Deno.readTextFileSync(scoresPath));
    assertEquals(
      await count(npyBytes(predictedPath), npyBytes(truthPath), 6, 1),
      scores.confusion_rows_gt_columns_pred.flat(),
    );
  },
);

/** Runs the launch `times` times on zeroed counts. */
async function count(
  predicted: Uint8Array<ArrayBuffer>,
  truth: Uint8Array<ArrayBuffer>,
  classes: number,
  times: number,
  withMisses = false,
): Promise<number[]> {
  const gpu = await testGpu();
  const [first, second] = [gpu.createBuffer(predicted.length, "predicted"), gpu.createBuffer(truth.length, "truth")];
  const counts = gpu.createBuffer(confusionBytes(classes, withMisses), "counts");
  // Whatever follows the last label must not be counted.
  gpu.write(first, new Uint8Array(first.size));
  gpu.write(first, predicted);
  gpu.write(second, truth);
  const options = { classes, pixels: truth.length, withMisses };
  const dispatch = await confusionDispatch(gpu, wholeRange(first), wholeRange(second), counts, options);
  for (let run = 0; run < times; run++) gpu.submit([dispatch]);
  const [bytes = new Uint8Array()] = await gpu.read({
    buffer: counts,
    offset: 0,
    size: confusionBytes(classes, withMisses),
  });
  for (const buffer of [first, second, counts]) gpu.destroyBuffer(buffer);
  return [...new Uint32Array(bytes.buffer)];
}

/** Runs of classes, some ignored, some bytes that are no class. */
function randomLabels(count: number, name: string, classes: number): Uint8Array<ArrayBuffer> {
  const random = new Random(7, name);
  return Uint8Array.from({ length: count }, (_, index) => {
    const draw = Math.floor(random.uniform(Math.floor(index / 3)) * (classes + 2));
    return draw < classes ? draw : draw === classes ? 255 : Math.max(250, classes);
  });
}

/** The data of a version 1 `.npy` file of uint8. */
function npyBytes(path: string): Uint8Array<ArrayBuffer> {
  const bytes = Deno.readFileSync(path);
  return bytes.slice(10 + new DataView(bytes.buffer).getUint16(8, true));
}
