import { assertEquals, assertRejects } from "@std/assert";
import { OutOfBudgetError } from "../../src/errors.ts";
import { Program } from "../../src/graph/program.ts";
import { input, type Tensor } from "../../src/graph/tensor.ts";
import { activation } from "../../src/ops/activation/activation.ts";
import { softmax } from "../../src/ops/activation/softmax.ts";
import { add } from "../../src/ops/arithmetic/add.ts";
import { concat } from "../../src/ops/arithmetic/concat.ts";
import { crop } from "../../src/ops/arithmetic/crop.ts";
import { scale } from "../../src/ops/arithmetic/scale.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { sampleGeometryValues, wholeImage } from "../../src/ops/data/geometry.ts";
import { sampleImages } from "../../src/ops/data/sample.ts";
import { sampleSoftLabels } from "../../src/ops/data/sample_soft_labels.ts";
import { sampleFloats } from "../../src/ops/data/sample_floats.ts";
import { dice } from "../../src/ops/loss/dice.ts";
import { interpolatedCrossEntropy } from "../../src/ops/loss/interpolated_cross_entropy.ts";
import { lovaszSoftmax } from "../../src/ops/loss/lovasz_softmax.ts";
import { batchNorm } from "../../src/ops/norm/batch_norm.ts";
import { batchNormStatistics } from "../../src/ops/norm/batch_norm_statistics.ts";
import { batchNormTraining } from "../../src/ops/norm/batch_norm_training.ts";
import { averagePool2d } from "../../src/ops/pool/average_pool2d.ts";
import { globalAveragePool } from "../../src/ops/pool/global_average_pool.ts";
import { maxPool2d } from "../../src/ops/pool/max_pool2d.ts";
import { dropout } from "../../src/ops/random/dropout.ts";
import { channelSum } from "../../src/ops/reduce/channel_sum.ts";
import { bilinearResize } from "../../src/ops/resize/bilinear_resize.ts";
import { testGpu } from "./harness.ts";
import { checkSlices, withGradients } from "./sliced.ts";

const channels = (name: string, count: number) => input(name, [count], { layout: "channels" });

Deno.test("activations, sums and their gradients are the same in slices", async () => {
  const x = input("x", [3, 5, 13, 7]);
  const z = input("z", x.shape);
  const y = activation(add(activation(x, { leakyRelu: 0.1 }), activation(z, "relu6")), "relu");
  await checkSlices({ outputs: withGradients(y, { x, z }), limits: [5000, 1100, 256] });
});

Deno.test("scale() and its gradient are the same in slices", async () => {
  const x = input("x", [3, 5, 13, 7]);
  await checkSlices({ outputs: withGradients(scale(x, -0.3), { x }), limits: [5000, 1100, 256] });
});

Deno.test("softmax() and its gradient are the same in slices", async () => {
  const x = input("x", [3, 19, 13, 7]);
  await checkSlices({ outputs: withGradients(softmax(x), { x }), limits: [8000, 1300] });
});

for (const counts of [[8, 12, 4], [5, 6, 7]]) {
  Deno.test(`concat() of ${counts.join(", ")} channels and sliceChannels(), its gradient, are the same in slices`, async () => {
    const parts = Object.fromEntries(counts.map((count, index) => [`x${index}`, input(`x${index}`, [2, count, 9, 7])]));
    await checkSlices({ outputs: withGradients(concat(Object.values(parts)), parts), limits: [4000, 1600] });
  });
}

Deno.test("crop() and its gradient are the same in slices", async () => {
  const x = input("x", [2, 5, 23, 9]);
  for (
    const window of [
      { top: 3, left: 1, height: 17, width: 8 },
      { top: -12, left: -2, height: 50, width: 14 },
      { top: 18, left: 4, height: 21, width: 9 },
    ]
  ) {
    await checkSlices({ outputs: withGradients(crop(x, window), { x }), limits: [3000, 1000] });
  }
});

for (const  of of["elements", "channels"] as const) {
  Deno.test(`dropout() drops the same ${of} in slices`, async () => {
    const x = input("x", [2, 5, 13, 7]);
    const key = input("key", [4], { dtype: "u32", layout: "plain" });
    const outputs = withGradients(dropout(x, { probability: 0.4, key, of }), { x });
    await checkSlices({ outputs, limits: [2000, 600], values: { key: [7, 1, 5, 3] } });
  });
}

Deno.test("batchNorm() with frozen statistics and its gradients are the same in slices", async () => {
  const [x, residual] = [input("x", [3, 6, 17, 11]), input("residual", [3, 6, 17, 11])];
  const parameters = { gamma: channels("gamma", 6), beta: channels("beta", 6), mean: channels("mean", 6) };
  const variance = channels("variance", 6);
  const y = batchNorm(x, { ...parameters, variance }, { activation: "relu", residual });
  const outputs = withGradients(y, { x, residual, gamma: parameters.gamma, beta: parameters.beta });
  const values = { variance: [0.5, 1, 2, 0.1, 3, 1] };
  await checkSlices({ outputs, sums: ["d gamma", "d beta"], limits: [6200, 2500], values });
});

Deno.test("batchNormTraining(), its statistics and gradients are the same in slices", async () => {
  const x = input("x", [3, 6, 17, 11]);
  const [gamma, beta] = [channels("gamma", 6), channels("beta", 6)];
  const statistics = batchNormStatistics(x);
  const y = batchNormTraining(x, { gamma, beta }, { activation: "relu", statistics });
  const outputs = { statistics, ...withGradients(y, { x, gamma, beta }) };
  await checkSlices({ outputs, sums: ["statistics", "d gamma", "d beta"], limits: [6200, 2500] });
});

Deno.test("channelSum() is nearly the same in slices", async () => {
  const x = input("x", [3, 6, 17, 11]);
  await checkSlices({ outputs: { y: channelSum(x) }, sums: ["y"], limits: [6200, 2200] });
});

Deno.test("maxPool2d() and its gradient are the same in slices", async () => {
  const x = input("x", [2, 5, 23, 9]);
  for (
    const options of [
      { kernel: 3, stride: 2, padding: 1 },
      { kernel: 3, stride: 2, padding: 1, ceilMode: true },
      { kernel: 2, stride: 3 },
      { kernel: [3, 2], stride: 1 },
    ] as const
  ) {
    await checkSlices({ outputs: withGradients(maxPool2d(x, options), { x }), limits: [6700, 2400] });
  }
});

Deno.test("averagePool2d() and its gradient are the same in slices", async () => {
  const x = input("x", [2, 5, 23, 9]);
  for (
    const options of [
      { kernel: 3, stride: 2, padding: 1, ceilMode: true },
      { kernel: 3, stride: 2, padding: 1, countPadding: false },
      { kernel: 2, stride: 3 },
    ]
  ) {
    await checkSlices({ outputs: withGradients(averagePool2d(x, options), { x }), limits: [6700, 2400] });
  }
});

Deno.test("globalAveragePool() and its gradient are the same in slices", async () => {
  const x = input("x", [3, 9, 23, 9]);
  await checkSlices({ outputs: withGradients(globalAveragePool(x), { x }), limits: [21_000, 11_000, 3600] });
});

for (const alignCorners of [false, true]) {
  const corners = alignCorners ? "corners that coincide" : "half-pixel centres";
  Deno.test(`bilinearResize() and its gradient are the same in slices, with ${corners}`, async () => {
    const x = input("x", [2, 5, 11, 7]);
    for (const [height, width, limit] of [[23, 9, 2000], [11, 9, 1300], [5, 4, 1300], [33, 14, 5000]] as const) {
      const outputs = withGradients(bilinearResize(x, { height, width, alignCorners }), { x });
      await checkSlices({ outputs, limits: [limit] });
    }
  });
}

/** Labels of 5 classes, some ignored. */
const labelValues = (count: number) => Array.from({ length: count }, (_, at) => at % 7 === 3 ? 255 : (at * 13) % 5);
const positive = (count: number) => Array.from({ length: count }, (_, at) => 0.1 + (at * 7 % 11) / 11);

for (const loss of [dice, lovaszSoftmax]) {
  Deno.test(`${loss.name}() and its gradient are the same in slices`, async () => {
    const logits = input("logits", [3, 5, 13, 9]);
    const labels = input("labels", [3, 13, 9], { dtype: "u8", layout: "plain" });
    const y = loss(logits, labels, { buckets: 32 });
    // The sums of the dice loss, and so its gradient, are cut where they are cut anyway.
    const outputs = withGradients(y, { logits });
    await checkSlices({ outputs, sums: ["y"], limits: [6000, 2600], values: { labels: labelValues(3 * 13 * 9) } });
  });
}

Deno.test("a regularised interpolatedCrossEntropy() and its gradient are the same in slices", async () => {
  const logits = input("logits", [3, 5, 5, 4]);
  const labels = input("labels", [3, 13, 9], { dtype: "u8", layout: "plain" });
  const images = input("images", [3], { layout: "plain" });
  const values = { labels: labelValues(3 * 13 * 9), images: [0, 1, 0.5] };
  const loss = interpolatedCrossEntropy(logits, labels, { regularizer: { kind: "mrent", weight: 0.3, images } });
  const outputs = withGradients(loss, { logits });
  await checkSlices({ outputs, sums: ["y", "d logits"], limits: [3000], values });
});

for (const soft of [false, true]) {
  Deno.test(`interpolatedCrossEntropy() and its gradient are the same in slices, ${soft ? "soft" : "hard"} labels`, async () => {
    const logits = input("logits", [2, 5, 9, 6]);
    const labels = soft
      ? input("labels", [2, 5, 29, 19])
      : input("labels", [2, 29, 19], { dtype: "u8", layout: "plain" });
    const classWeights = channels("class weights", 5);
    const pixelWeights = input("pixel weights", [2, 29, 19], { layout: "plain" });
    const values = {
      labels: soft ? positive(2 * 5 * 29 * 19) : labelValues(2 * 29 * 19),
      "class weights": [0.5, 1, 2, 1.5, 0.25],
      "pixel weights": positive(2 * 29 * 19),
    };
    for (const alignCorners of [false, true]) {
      const loss = interpolatedCrossEntropy(logits, labels, { classWeights, pixelWeights, alignCorners });
      const outputs = withGradients(loss, { logits });
      // The gradient is divided by the sum of the weights.
      await checkSlices({ outputs, sums: ["y", "d logits"], limits: [18_000, 5000], values });
    }
  });
}

Deno.test("the gradient of interpolatedCrossEntropy() is the same to the bit where the sums are whole numbers", async () => {
  const logits = input("logits", [2, 5, 9, 6]);
  const labels = input("labels", [2, 29, 19], { dtype: "u8", layout: "plain" });
  const outputs = withGradients(interpolatedCrossEntropy(logits, labels), { logits });
  await checkSlices({ outputs, sums: ["y"], limits: [12_000, 5000], values: { labels: labelValues(2 * 29 * 19) } });
});

Deno.test("sampleImages() is the same in slices", async () => {
  const images = input("images", [3, 14, 9], { dtype: "u32", layout: "plain" });
  const geometry = input("geometry", [3, 12], { layout: "plain" });
  const normalization = { scale: [1 / 127.5, 1 / 120, 1 / 130], shift: [-1, -0.5, 0] };
  const y = sampleImages(images, geometry, { height: 16, width: 11, normalization });
  const crop = { ...wholeImage(22, 15), top: 3, left: 2, mirror: true, contrast: 1.2 };
  const values = {
    images: Array.from({ length: 3 * 14 * 9 }, (_, at) => at * 2_654_435 % 16_777_216),
    geometry: [wholeImage(14, 9), crop, { ...crop, mirror: false, brightness: 0.8 }].flatMap(sampleGeometryValues),
  };
  await checkSlices({ outputs: { y }, limits: [3000, 1300], values });
});

Deno.test("sampleFloats() is the same in slices", async () => {
  const maps = input("maps", [2, 5, 14, 9]);
  const geometry = input("geometry", [2, 12], { layout: "plain" });
  const crop = { ...wholeImage(22, 15), top: 3, left: 2, mirror: true };
  const values = { geometry: [wholeImage(14, 9), crop].flatMap(sampleGeometryValues) };
  for (const interpolation of ["bilinear", "nearest"] as const) {
    const y = sampleFloats(maps, geometry, { height: 16, width: 11, interpolation });
    await checkSlices({ outputs: { y }, limits: [6000, 4100], values });
  }
});

Deno.test("sampleSoftLabels() is the same in slices", async () => {
  const labels = input("labels", [3, 14, 27], { dtype: "u32", layout: "plain" });
  const geometry = input("geometry", [3, 12], { layout: "plain" });
  const crop = { ...wholeImage(22, 15), top: 3, left: 2, mirror: true };
  const values = {
    labels: Array.from({ length: 3 * 14 * 27 }, (_, at) => at % 3 === 0 ? 66_051 : at * 2_654_435 % 16_777_216),
    geometry: [wholeImage(14, 9), crop, { ...crop, nearestLabels: true }].flatMap(sampleGeometryValues),
  };
  const y = sampleSoftLabels(labels, geometry, { height: 16, width: 11, classes: 5 });
  await checkSlices({ outputs: { y }, limits: [6000, 4100], values });
});

Deno.test("what cannot be cut says so before anything is allocated, with the size that would fit", async () => {
  const gpu = await testGpu();
  const before = gpu.allocatedBytes;
  const compile = (y: Tensor, maxBindingBytes: number) =>
    Program.compile(gpu, { outputs: { y }, traits: { software: true, maxBindingBytes } });
  const x = input("x", [1, 8, 20, 100]);
  const w = input("w", [8, 8, 5, 5], { layout: "convolution" });
  await assertRejects(
    () => compile(maxPool2d(x, { kernel: 5, stride: 1 }), 10_000),
    OutOfBudgetError,
    "(maxPool2d) [1, 8, 16, 96]: even its smallest slice binds 16000 bytes at once, this adapter at most 10000; images of " +
      "at most 60 columns here, instead of 96, would fit",
  );
  await assertRejects(() => compile(conv2d(x, w), 6000), OutOfBudgetError, "(conv2d) [1, 8, 16, 96]");
  assertEquals(gpu.allocatedBytes, before);
});
