/** Classes that are merged into fewer: the sums of their probabilities decide. */

import { assert, assertEquals } from "@std/assert";
import argMaxText from "../../shaders/selftraining/arg_max.wgsl" with { type: "text" };
import type { ClassMap } from "../../src/data/class_map.ts";
import { labelSet, mapBetween } from "../../src/data/label_sets.ts";
import { pack, paddedChannels } from "../../src/graph/layout.ts";
import { specialize } from "../../src/gpu/shader.ts";
import { Random } from "../../src/random.ts";
import { argMaxDispatch } from "../../src/selftraining/arg_max.ts";
import { mergedBytes, mergedClasses } from "../../src/selftraining/merged_classes.ts";
import { scoreIncludes, type ScoreOptions, type ScoreView, viewsBuffer } from "../../src/selftraining/scores.ts";
import { between, interpolate } from "../twins/interpolation.ts";
import { randomValues, size, testGpu } from "../ops/harness.ts";

type Shape = [number, number, number, number];

/** A map from `from` classes to `to`; the last class becomes ignored, and each other one any of them. */
function anyMap(from: number, to: number): ClassMap {
  const random = new Random(7, "map");
  const name = (_: unknown, id: number) => `class ${id}`;
  const toId = Array.from({ length: from }, (_, id) => id === from - 1 ? 255 : id < to ? id : random.integer(to, id));
  return {
    name: "any",
    fromClasses: Array.from({ length: from }, name),
    toClasses: Array.from({ length: to }, name),
    toId,
  };
}

/** Labels by the kernel. */
async function label(
  values: Float32Array,
  [images, classes, h, w]: Shape,
  [height, width]: [number, number],
  map: ClassMap,
  options: Omit<ScoreOptions, "classes">,
  mirrors: readonly boolean[],
): Promise<Uint8Array> {
  const gpu = await testGpu();
  const packed = pack(values, [images, classes, h, w], "activation");
  const logits = gpu.createBuffer(packed.byteLength, "logits");
  gpu.write(logits, packed);
  const views: ScoreView[] = mirrors.map((mirror) => ({ offset: 0, height: h, width: w, mirror }));
  const batch = { images, height, width, views, logits: { buffer: logits, offset: 0, size: logits.size } };
  const scores = { classes, ...options };
  const places = viewsBuffer(gpu, batch, scores);
  const labels = gpu.createBuffer(Math.ceil(images * height * width / 4) * 4, "labels");
  using merged = mergedClasses(gpu, map);
  assert(merged.table.size <= mergedBytes(classes, map.toClasses.length));
  gpu.submit([await argMaxDispatch(gpu, batch, scores, { views: places, labels, merged })]);
  const [bytes = new Uint8Array()] = await gpu.read(labels);
  for (const buffer of [logits, places, labels]) gpu.destroyBuffer(buffer);
  return bytes.subarray(0, images * height * width);
}

/** The definition: for each pixel the first merged class with the largest sum, and its lead over the next. */
function twin(
  values: Float32Array,
  [images, classes, h, w]: Shape,
  [height, width]: [number, number],
  { toId, toClasses }: ClassMap,
  { averageLogits = false, alignCorners = false }: Omit<ScoreOptions, "classes">,
  mirrors: readonly boolean[],
): { label: number; lead: number }[] {
  const softmax = (logits: readonly number[]) => {
    const most = Math.max(...logits);
    const powers = logits.map((value) => Math.exp(value - most));
    const total = powers.reduce((sum, value) => sum + value, 0);
    return powers.map((value) => value / total);
  };
  const mean = (lists: readonly (readonly number[])[]) =>
    Array.from({ length: classes }, (_, c) => lists.reduce((sum, list) => sum + (list[c] ?? 0), 0) / lists.length);
  const result: { label: number; lead: number }[] = [];
  for (let pixel = 0; pixel < images * height * width; pixel++) {
    const [n, i, j] = [Math.floor(pixel / (height * width)), Math.floor(pixel / width) % height, pixel % width];
    const vertical = between(i, h, height, alignCorners);
    const ofViews = mirrors.map((mirror) => {
      const horizontal = between(mirror ? width - 1 - j : j, w, width, alignCorners);
      return Array.from(
        { length: classes },
        (_, c) => interpolate(values, (n * classes + c) * h * w, [h, w], vertical, horizontal),
      );
    });
    const probabilities = averageLogits ? softmax(mean(ofViews)) : mean(ofViews.map(softmax));
    const sums = toClasses.map((_, id) => probabilities.reduce((sum, p, c) => toId[c] === id ? sum + p : sum, 0));
    const largest = Math.max(...sums);
    const best = sums.indexOf(largest);
    result.push({ label: best, lead: largest - Math.max(-1, ...sums.filter((_, id) => id !== best)) });
  }
  return result;
}

const cityscapes = (to: string) => mapBetween(labelSet("cityscapes-19"), labelSet(to));

const cases: { name: string; shape: Shape; to: [number, number]; map: ClassMap }[] = [
  { name: "19 classes into CamVid's 11", shape: [2, 19, 3, 5], to: [17, 33], map: cityscapes("camvid-11") },
  { name: "19 classes into IDD's 7", shape: [1, 19, 4, 3], to: [11, 13], map: cityscapes("idd-7") },
  { name: "19 classes into 13, others dropped", shape: [1, 19, 2, 3], to: [8, 12], map: cityscapes("cityscapes-13") },
  { name: "30 classes into 12", shape: [1, 30, 2, 3], to: [5, 7], map: anyMap(30, 12) },
  { name: "60 classes into 50, in a loop", shape: [1, 60, 2, 3], to: [5, 7], map: anyMap(60, 50) },
  { name: "90 classes into 9, in a loop", shape: [2, 90, 2, 3], to: [5, 7], map: anyMap(90, 9) },
];

const ways = [
  { averageLogits: false, mirrors: [false, true] },
  { alignCorners: true, mirrors: [false] },
  { averageLogits: true, mirrors: [false, true] },
];

for (const [index, { name, shape, to, map }] of cases.entries()) {
  Deno.test(`the class of the largest sum of probabilities matches its definition: ${name}`, async () => {
    const values = randomValues(size(shape), "logits").map((value) => 2 * value);
    // Each way needs a kernel of its own, so a case goes one of them, and the first goes all.
    for (const { mirrors, ...given } of index === 0 ? ways : ways.slice(index % 3).slice(0, 1)) {
      const labels = await label(values, shape, to, map, given, mirrors);
      const expected = twin(values, shape, to, map, given, mirrors);
      assertEquals(labels.length, expected.length);
      // Where two sums are as good as equal, rounding decides.
      assertEquals(expected.filter(({ label, lead }, index) => lead > 1e-5 && labels[index] !== label), []);
      assert(expected.filter(({ lead }) => lead > 1e-5).length > 0.9 * expected.length);
    }
  });
}

Deno.test("a sum of small probabilities wins over the largest one; a class that becomes none counts nowhere", async () => {
  const map = { name: "", fromClasses: ["a", "b", "c", "d"], toClasses: ["ab", "c"], toId: [0, 0, 1, 255] };
  const logits = Float32Array.from([0.3, 0.3, 0.35, 0.05].map(Math.log));
  const one: Shape = [1, 4, 1, 1];
  assertEquals([...await label(logits, one, [1, 1], map, {}, [false])], [0]);
  const dropped = Float32Array.from([0.05, 0.05, 0.2, 0.7].map(Math.log));
  assertEquals([...await label(dropped, one, [1, 1], map, {}, [false])], [1]);
});

Deno.test("classes that only change ids keep the labels of the largest probability", async () => {
  const shape: Shape = [2, 6, 4, 5];
  const values = randomValues(size(shape), "logits");
  const order = [3, 1, 5, 0, 2, 4];
  const names = order.map(String);
  const identity = { name: "", fromClasses: names, toClasses: names, toId: [...order.keys()] };
  const plain = await label(values, shape, [9, 11], identity, {}, [false]);
  const moved = await label(values, shape, [9, 11], { ...identity, toId: order }, {}, [false]);
  assertEquals([...moved], [...plain].map((id) => order[id] ?? 255));
});

Deno.test("the text of the merging kernel does not grow with many classes", () => {
  const length = (classes: number) => {
    const includes = scoreIncludes({ classes }, { TOP: "top_merged" });
    const constants = { CLASSES: classes, CLASS_VECTORS: paddedChannels(classes) / 4, MERGED: 200, MERGED_VECTORS: 50 };
    return specialize({ name: "arg_max", text: argMaxText, includes }, constants).length;
  };
  assert(length(255) < length(65) + 100 && length(255) < 25_000, `${length(65)}, ${length(255)} characters`);
});
