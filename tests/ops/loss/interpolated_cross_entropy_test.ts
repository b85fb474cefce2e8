import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Program } from "../../../src/graph/program.ts";
import { gradients } from "../../../src/ops/gradients.ts";
import { pack } from "../../../src/graph/layout.ts";
import { input, type Tensor } from "../../../src/graph/tensor.ts";
import {
  interpolatedCrossEntropy,
  type InterpolatedCrossEntropyOptions,
  type RegularizerKind,
} from "../../../src/ops/loss/interpolated_cross_entropy.ts";
import { Random } from "../../../src/random.ts";
import { testWithShared } from "../../shared.ts";
import { interpolatedCrossEntropy as twin } from "../../twins/interpolated_cross_entropy.ts";
import { checkOp, randomValues, runGraph, size, testGpu, type TestInput } from "../harness.ts";

type InputName = "logits" | "labels" | "classWeights" | "pixelWeights" | "images";

interface Case {
  readonly name: string;
  readonly logits: readonly number[];
  readonly size: readonly [number, number];
  readonly alignCorners?: boolean;
  readonly ignoreLabel?: number;
  readonly averageOver?: "all";
  readonly soft?: boolean;
  readonly classWeights?: boolean;
  readonly pixelWeights?: boolean;
  readonly regularizer?: RegularizerKind;
  /** How much each image is regularised; default: all alike. */
  readonly images?: readonly number[];
}

const cases: Case[] = [
  { name: "the same size", logits: [2, 4, 5, 6], size: [5, 6] },
  { name: "8× interpolation of 7 classes", logits: [1, 7, 3, 4], size: [24, 32] },
  { name: "odd sizes and batch 3", logits: [3, 5, 4, 3], size: [11, 13] },
  { name: "odd sizes, aligned corners", logits: [3, 5, 4, 3], size: [11, 13], alignCorners: true },
  { name: "19 classes, aligned corners", logits: [2, 19, 3, 5], size: [17, 33], alignCorners: true },
  { name: "19 classes", logits: [1, 19, 3, 5], size: [23, 37] },
  { name: "labels smaller than the logits", logits: [2, 3, 7, 9], size: [3, 4] },
  { name: "labels smaller than the logits, aligned corners", logits: [2, 3, 7, 9], size: [3, 4], alignCorners: true },
  { name: "logits of one pixel", logits: [2, 6, 1, 1], size: [5, 7] },
  { name: "logits of one pixel, aligned corners", logits: [2, 6, 1, 1], size: [5, 7], alignCorners: true },
  { name: "labels of one pixel, aligned corners", logits: [1, 6, 3, 3], size: [1, 1], alignCorners: true },
  { name: "one class", logits: [1, 1, 2, 3], size: [4, 5] },
  { name: "another label ignored", logits: [2, 5, 3, 4], size: [7, 9], ignoreLabel: 2 },
  { name: "class weights", logits: [2, 5, 3, 4], size: [7, 9], classWeights: true },
  { name: "pixel weights", logits: [2, 5, 3, 4], size: [7, 9], pixelWeights: true },
  { name: "class and pixel weights", logits: [2, 7, 3, 4], size: [7, 9], classWeights: true, pixelWeights: true },
  { name: "soft labels", logits: [2, 5, 3, 4], size: [7, 9], soft: true },
  {
    name: "soft labels, class and pixel weights, aligned corners",
    logits: [2, 7, 3, 4],
    size: [7, 9],
    soft: true,
    alignCorners: true,
    classWeights: true,
    pixelWeights: true,
  },
  { name: "33 classes", logits: [1, 33, 2, 3], size: [5, 7] },
  { name: "64 classes", logits: [1, 64, 2, 2], size: [3, 5] },
  {
    name: "65 classes, class and pixel weights",
    logits: [2, 65, 2, 3],
    size: [5, 7],
    classWeights: true,
    pixelWeights: true,
  },
  { name: "255 classes", logits: [2, 255, 2, 3], size: [5, 7] },
  {
    name: "255 classes, soft labels, aligned corners",
    logits: [1, 255, 2, 2],
    size: [3, 4],
    soft: true,
    alignCorners: true,
  },
  { name: "MRKLD", logits: [3, 5, 4, 3], size: [11, 13], regularizer: "mrkld", images: [0, 1, 1] },
  { name: "MRENT", logits: [3, 5, 4, 3], size: [11, 13], regularizer: "mrent", images: [1, 0, 1], alignCorners: true },
  { name: "MRL2", logits: [3, 6, 4, 3], size: [11, 13], regularizer: "mrl2", images: [0.5, 0, 2] },
  { name: "MRKLD of all images", logits: [2, 7, 3, 4], size: [7, 9], regularizer: "mrkld" },
  {
    name: "MRENT, soft labels, class and pixel weights",
    logits: [2, 7, 3, 4],
    size: [7, 9],
    soft: true,
    classWeights: true,
    pixelWeights: true,
    regularizer: "mrent",
    images: [0, 1],
  },
  { name: "the mean over all pixels", logits: [2, 5, 3, 4], size: [7, 9], averageOver: "all" },
  {
    name: "the mean over all pixels, class weights and MRL2",
    logits: [2, 5, 7, 9],
    size: [7, 9],
    averageOver: "all",
    classWeights: true,
    regularizer: "mrl2",
    images: [1, 0],
  },
  { name: "66 classes, the mean over all pixels", logits: [1, 66, 2, 3], size: [5, 7], averageOver: "all" },
  { name: "MRKLD of no image", logits: [2, 7, 3, 4], size: [7, 9], regularizer: "mrkld", images: [0, 0] },
  ...(["mrkld", "mrent"] as const).map((regularizer): Case => ({
    name: `70 classes and ${regularizer.toUpperCase()}`,
    logits: [2, 70, 2, 3],
    size: [5, 7],
    regularizer,
    images: [1, 0],
    soft: regularizer === "mrent",
  })),
];

for (const { name, logits, size: [height, width], soft = false, ...given } of cases) {
  const { classWeights, pixelWeights, regularizer: kind, images: shares, ...options } = given;
  Deno.test(`interpolatedCrossEntropy() matches its definition and its gradient with ${name}`, async () => {
    const [batch = 1, classes = 1] = logits;
    const labels = soft ? [batch, classes, height, width] : [batch, height, width];
    const positive = (shape: number[], key: string) => randomValues(size(shape), key).map((value) => Math.abs(value));
    const inputs: Record<InputName, TestInput> = {
      logits: { shape: logits },
      labels: soft ? { shape: labels, values: softLabels(labels) } : {
        shape: labels,
        layout: "plain",
        dtype: "u8",
        values: hardLabels(size(labels), classes),
      },
      classWeights: { shape: [classes], layout: "channels", values: positive([classes], "class weights") },
      pixelWeights: {
        shape: [batch, height, width],
        layout: "plain",
        values: positive([batch, height, width], "pixel weights"),
      },
      images: { shape: [batch], layout: "plain", values: Float32Array.from(shares ?? new Array(batch).fill(1)) },
    };
    const regularizer = kind === undefined ? undefined : { kind, weight: 0.7 };
    await checkOp<InputName>({
      inputs,
      op: (tensors) =>
        interpolatedCrossEntropy(tensors.logits, tensors.labels, {
          ...options,
          ...(classWeights ? { classWeights: tensors.classWeights } : {}),
          ...(pixelWeights ? { pixelWeights: tensors.pixelWeights } : {}),
          ...(regularizer === undefined ? {} : {
            regularizer: shares === undefined ? regularizer : { ...regularizer, images: tensors.images },
          }),
        }),
      twin: (values) =>
        twin(values.logits, values.labels, { logits, labels, ...options }, {
          ...(classWeights ? { classes: values.classWeights } : {}),
          ...(pixelWeights ? { pixels: values.pixelWeights } : {}),
        }, regularizer && { ...regularizer, images: values.images }),
      gradientOf: ["logits"],
    });
  });
}

Deno.test("interpolatedCrossEntropy() is 0 with zero gradients where no pixel is valid", async () => {
  const { loss, gradient } = await lossAndGradient([2, 5, 3, 4], new Uint8Array(2 * 7 * 9).fill(255), [7, 9]);
  assertEquals(loss, 0);
  assert(gradient.every((value) => value === 0));
});

Deno.test("interpolatedCrossEntropy() leaves the padding channels of the gradient zero with large logits", async () => {
  const { loss, stored } = await lossAndGradient([1, 5, 2, 2], Uint8Array.of(0, 1, 2, 3, 4, 255), [2, 3], 1000);
  assert(Number.isFinite(loss) && loss > 0);
  assertEquals(stored.filter((value, index) => index % 8 >= 5 && value !== 0).length, 0);
  assert(stored.some((value) => value !== 0));
});

Deno.test("interpolatedCrossEntropy() does not change when ignored pixels are appended as another image", async () => {
  const labels = hardLabels(63, 5);
  const logits = randomValues(2 * 5 * 12, "logits");
  const both = await runGraph(
    {
      x: { shape: [2, 5, 3, 4], values: logits },
      y: { shape: [2, 7, 9], layout: "plain", dtype: "u8", values: [...labels, ...new Array(63).fill(255)] },
    },
    ({ x, y }) => ({ loss: interpolatedCrossEntropy(x, y) }),
  );
  const one = await runGraph(
    {
      x: { shape: [1, 5, 3, 4], values: logits.slice(0, 60) },
      y: { shape: [1, 7, 9], layout: "plain", dtype: "u8", values: labels },
    },
    ({ x, y }) => ({ loss: interpolatedCrossEntropy(x, y) }),
  );
  assertAlmostEquals(both.loss?.[0] ?? NaN, one.loss?.[0] ?? 0, 1e-6);
});

Deno.test("interpolatedCrossEntropy() says which labels it takes", () => {
  const logits = input("logits", [2, 5, 3, 4]);
  const labels = input("labels", [2, 7, 9], { layout: "plain" });
  assertThrows(() => interpolatedCrossEntropy(logits, labels), RangeError, "must be u8 plain [2, H, W]");
  const weights = input("weights", [4], { layout: "channels" });
  const bytes = input("labels", [2, 7, 9], { layout: "plain", dtype: "u8" });
  assertThrows(
    () => interpolatedCrossEntropy(logits, bytes, { classWeights: weights }),
    RangeError,
    "must be [5] of channels",
  );
});

Deno.test("interpolatedCrossEntropy() refuses sides whose product its whole numbers do not hold", () => {
  const logits = input("logits", [1, 5, 30_000, 1]);
  const labels = (height: number) => input("labels", [1, height, 1], { layout: "plain", dtype: "u8" });
  assertThrows(
    () => interpolatedCrossEntropy(logits, labels(40_000)),
    RangeError,
    "30000 rows cannot be interpolated to 40000",
  );
  assertEquals(interpolatedCrossEntropy(logits, labels(30_000)).shape, [1]);
});

/** The losses of the shared vectors: their labels, and the regulariser with its weight. */
const vectors = [
  { loss: "ce", labelFile: "labels" },
  { loss: "soft_ce", labelFile: "soft" },
  { loss: "mrkld", labelFile: "labels", regularizer: { kind: "mrkld", weight: 0.1 } },
  { loss: "mrent", labelFile: "labels", regularizer: { kind: "mrent", weight: 0.1 } },
  { loss: "mrl2", labelFile: "labels", regularizer: { kind: "mrl2", weight: 0.1 } },
  { loss: "mrkld_released", labelFile: "labels", regularizer: { kind: "mrkld", weight: 0.1 ** 2 } },
] as const;

for (const { loss: lossName, labelFile, ...rest } of vectors) {
  const files = ["logits.npy", `${labelFile}.npy`, `grad_${lossName}.npy`, "losses.json"].map((name) =>
    `vectors/reg/${name}`
  );
  testWithShared(`interpolatedCrossEntropy() equals the shared vectors of ${lossName}`, files, async (...paths) => {
    const arrays = paths.slice(0, 3).map(readNpy);
    const [logits = new Float64Array(), labels = new Float64Array(), expected = new Float64Array()] = arrays;
    const losses = JSON.parse(Deno.readTextFileSync(paths[3] ?? ""));
    const shape = [3, 5, 7, 9];
    const { loss, gradient } = await runGraph(
      {
        x: { shape, values: logits },
        y: labelFile === "soft"
          ? { shape, values: labels }
          : { shape: [3, 7, 9], layout: "plain", dtype: "u8", values: labels },
        images: { shape: [3], layout: "plain", values: Float32Array.of(0, 1, 1) },
      },
      ({ x, y, images }) =>
        lossGraph(x, y, "regularizer" in rest ? { regularizer: { ...rest.regularizer, images } } : {}),
    );
    const error = Math.abs((loss?.[0] ?? NaN) / losses.loss[lossName] - 1);
    assert(error <= 1e-6, `relative error of the loss: ${error}`);
    assertEquals(gradient?.length, expected.length);
    for (const [index, value] of expected.entries()) assertAlmostEquals(gradient?.[index] ?? NaN, value, 1e-7);
  });
}

function lossGraph(
  x: Tensor,
  y: Tensor,
  options: InterpolatedCrossEntropyOptions = {},
): Record<"loss" | "gradient", Tensor> {
  const loss = interpolatedCrossEntropy(x, y, options);
  const [gradient = loss] = gradients(loss, [x]);
  return { loss, gradient };
}

async function lossAndGradient(
  shape: readonly number[],
  labels: Uint8Array<ArrayBuffer>,
  [height, width]: readonly [number, number],
  scale = 1,
): Promise<{ loss: number; gradient: Float32Array; stored: Float32Array }> {
  const x = input("x", shape);
  const y = input("y", [shape[0] ?? 1, height, width], { layout: "plain", dtype: "u8" });
  using program = await Program.compile(await testGpu(), { outputs: lossGraph(x, y) });
  program.write("x", pack(randomValues(size(shape), "x").map((value) => scale * value), shape, "activation"));
  program.write("y", labels);
  program.run();
  const [loss = NaN] = await program.read("loss");
  const stored = new Float32Array((await program.readBytes("gradient")).buffer);
  return { loss, gradient: await program.read("gradient"), stored };
}

/** Classes, about one in six ignored, and some bytes that are no class. */
function hardLabels(count: number, classes: number): number[] {
  const random = new Random(3, "labels");
  return Array.from({ length: count }, (_, index) => {
    const draw = Math.floor(random.uniform(index) * (classes + 2));
    return draw < classes ? draw : draw === classes ? 255 : 250;
  });
}

/** Distributions over the classes that do not quite sum to 1, and one in five zero. */
function softLabels(shape: readonly number[]): Float32Array<ArrayBuffer> {
  const [batch = 1, classes = 1, height = 1, width = 1] = shape;
  const values = randomValues(size(shape), "soft").map((value) => Math.abs(value));
  const pixels = height * width;
  for (let n = 0; n < batch; n++) {
    for (let p = 0; p < pixels; p++) {
      const at = (c: number) => (n * classes + c) * pixels + p;
      let sum = 0;
      for (let c = 0; c < classes; c++) sum += values[at(c)] ?? 0;
      const scale = p % 5 === 0 ? 0 : 1.1 / sum;
      for (let c = 0; c < classes; c++) values[at(c)] = scale * (values[at(c)] ?? 0);
    }
  }
  return values;
}

/** The values of a version 1 `.npy` file of uint8 or float32. */
function readNpy(path: string): Float64Array {
  const bytes = Deno.readFileSync(path);
  const start = 10 + new DataView(bytes.buffer).getUint16(8, true);
  const bytesPerValue = new TextDecoder().decode(bytes.slice(10, start)).includes("|u1") ? 1 : 4;
  const data = bytes.slice(start);
  return Float64Array.from(bytesPerValue === 1 ? data : new Float32Array(data.buffer));
}
