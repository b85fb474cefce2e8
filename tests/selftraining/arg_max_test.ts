import { assert, assertEquals } from "@std/assert";
import { pack } from "../../src/graph/layout.ts";
import { argMaxDispatch } from "../../src/selftraining/arg_max.ts";
import { type ScoreBatch, type ScoreOptions, viewsBuffer } from "../../src/selftraining/scores.ts";
import { assignDispatch } from "../../src/selftraining/selection.ts";
import { argMax as twin } from "../twins/arg_max.ts";
import { randomValues, size, testGpu } from "../ops/harness.ts";

type Shape = [number, number, number, number];

const cases: { name: string; logits: Shape; size: [number, number]; alignCorners?: boolean }[] = [
  { name: "8× interpolation", logits: [1, 7, 3, 4], size: [24, 32] },
  { name: "odd sizes and batch 3", logits: [3, 5, 4, 3], size: [11, 13] },
  { name: "19 classes, aligned corners", logits: [2, 19, 3, 5], size: [17, 33], alignCorners: true },
  { name: "the same odd size", logits: [2, 6, 5, 3], size: [5, 3] },
  { name: "a smaller size", logits: [2, 3, 7, 9], size: [3, 5] },
  { name: "logits of one pixel", logits: [1, 4, 1, 1], size: [3, 3] },
  { name: "33 classes", logits: [1, 33, 2, 3], size: [5, 7] },
  { name: "65 classes", logits: [2, 65, 2, 3], size: [5, 7] },
  { name: "255 classes", logits: [2, 255, 2, 3], size: [5, 7] },
  { name: "one class", logits: [1, 1, 2, 2], size: [3, 3] },
];

/** Labels by one view, or by it and its mirror image. */
async function label(
  values: ArrayLike<number>,
  shape: Shape,
  [height, width]: [number, number],
  options: Omit<ScoreOptions, "classes">,
  mirrors: readonly boolean[] = [false],
): Promise<{ labels: Uint8Array; byThresholds: Uint8Array }> {
  const gpu = await testGpu();
  const [images, classes, h, w] = shape;
  const packed = pack(Float32Array.from(values), shape, "activation");
  const logits = gpu.createBuffer(packed.byteLength, "logits");
  gpu.write(logits, packed);
  const views = mirrors.map((mirror) => ({ offset: 0, height: h, width: w, mirror }));
  const batch: ScoreBatch = { images, height, width, views, logits: { buffer: logits, offset: 0, size: logits.size } };
  const [labels, other] = ["labels", "labels by thresholds"].map((name) =>
    gpu.createBuffer(images * height * width, name)
  );
  const [thresholds, counts] = ["thresholds", "counts"].map((name) => gpu.createBuffer(classes * 4, name));
  assert(labels && other && thresholds && counts);
  gpu.write(thresholds, new Float32Array(classes).fill(2 ** -20));
  const scores = { classes, ...options };
  const places = viewsBuffer(gpu, batch, scores);
  gpu.submit([
    await argMaxDispatch(gpu, batch, scores, { views: places, labels }),
    await assignDispatch(gpu, batch, scores, { views: places, thresholds, labels: other, counts }),
  ]);
  const found = await gpu.read(labels, other);
  for (const buffer of [logits, places, labels, other, thresholds, counts]) gpu.destroyBuffer(buffer);
  const [first = new Uint8Array(), second = new Uint8Array()] = found.map((bytes) =>
    bytes.subarray(0, images * height * width)
  );
  return { labels: first, byThresholds: second };
}

for (const { name, logits, size: to, alignCorners = false } of cases) {
  Deno.test(`the class of the largest logit matches its definition with ${name}`, async () => {
    const values = randomValues(size(logits), "logits").map((value) => value - 3);
    const { labels } = await label(values, logits, to, { alignCorners, isProbability: true });
    const expected = twin(values, logits, to, alignCorners);
    assertEquals(labels.length, expected.length);
    // Where two classes are as good as equal, rounding decides.
    const wrong = expected.filter(({ label, lead }, index) => lead > 1e-5 && labels[index] !== label);
    assertEquals(wrong, []);
    assert(expected.filter(({ lead }) => lead > 1e-5).length > 0.9 * expected.length);
  });
}

Deno.test("on ties the label is the first class", async () => {
  const values = [1, 2, 2, 2, 1, 2, 0, 2, 2, 2].flatMap((value) => [value, value]);
  const { labels } = await label(values, [1, 10, 1, 2], [2, 5], { isProbability: true });
  assertEquals([...labels], new Array(10).fill(1));
});

Deno.test("over several views the label is that of equal thresholds, ties and all", async () => {
  for (const shape of [[2, 6, 5, 7], [1, 66, 3, 4]] satisfies Shape[]) {
    // Few different values, so that many classes are equal after the mean over the mirror image.
    const values = randomValues(size(shape), "coarse").map((value) => Math.round(value * 2) / 2);
    for (const options of [{}, { averageLogits: true }, ...shape[1] < 10 ? [{ takesMaximum: true }] : []]) {
      const { labels, byThresholds } = await label(values, shape, [19, 23], options, [false, true]);
      assertEquals(labels, byThresholds);
      assert(new Set(labels).size > 1);
    }
  }
});
