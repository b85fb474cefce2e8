/**
 * Every shader must compile under naga, Deno's WGSL compiler, with WebGPU's default limits, and under Tint, Chrome's.
 * naga accepts some programs that Tint refuses. A Chromium also makes a pipeline of each shader, because some programs
 * that are right take its compiler minutes. Without a Chromium these tests are skipped by name.
 */

import { assert, assertEquals } from "@std/assert";
import channelsLast from "../shaders/selftraining/channels_last.wgsl" with { type: "text" };
import { Gpu, onShaderVariant } from "../src/gpu/gpu.ts";
import { wholeRange } from "../src/gpu/launch.ts";
import { gradients } from "../src/ops/gradients.ts";
import { Program } from "../src/graph/program.ts";
import { input } from "../src/graph/tensor.ts";
import { modelOf } from "../src/nn/model.ts";
import { modelFamilies } from "../src/nn/models/mod.ts";
import { Network } from "../src/nn/network.ts";
import { sgd } from "../src/optim/optimizer.ts";
import { Trainer } from "../src/selftraining/trainer.ts";
import { argMaxDispatch } from "../src/selftraining/arg_max.ts";
import { mergedClasses } from "../src/selftraining/merged_classes.ts";
import { assignLabels, selectThresholds } from "../src/selftraining/selection.ts";
import { allThresholds } from "../src/selftraining/ring_thresholds.ts";
import type { ScoreBatches } from "../src/selftraining/scores.ts";
import { assignSoftLabels } from "../src/selftraining/soft_labels.ts";
import { accumulatePrior } from "../src/selftraining/spatial_prior.ts";
import { classProbabilities } from "../src/selftraining/class_probabilities.ts";
import { interpolatedCrossEntropy } from "../src/ops/loss/interpolated_cross_entropy.ts";
import { conv2d } from "../src/ops/conv/conv2d.ts";
import { sampleSoftLabels } from "../src/ops/data/sample_soft_labels.ts";
import { scanGeometryLength } from "../src/ops/scans/geometry.ts";
import { pointLabels } from "../src/ops/scans/point_labels.ts";
import { pointPixels } from "../src/ops/scans/point_pixels.ts";
import { nearestPoints, projectScans } from "../src/ops/scans/project_scans.ts";
import { rangeChannels } from "../src/ops/scans/range_channels.ts";
import { depthwiseConv2d } from "../src/ops/conv/depthwise_conv2d.ts";
import { blankDispatch } from "../src/ops/scans/blank_pixels.ts";
import { backprojectDispatch } from "../src/ops/scans/backproject.ts";
import { confusionDispatch } from "../src/ops/metrics/confusion_matrix.ts";
import { relu } from "../src/ops/activation/activation.ts";
import { batchNormStatistics } from "../src/ops/norm/batch_norm_statistics.ts";
import { dropout } from "../src/ops/random/dropout.ts";
import { kernelCases } from "../bench/cases.ts";
import { measurePeaks } from "../src/selftest/peaks.ts";
import { selfTestCases } from "../src/selftest/self_test.ts";
import { executedTrips } from "../src/gpu/loop_limit.ts";
import { chromium, inPage } from "./chromium.ts";
import { pointRules } from "./twins/backproject.ts";

/** Every shader of the project by its name, such as `conv/conv2d`. */
function* shaderNames(folder = "shaders", prefix = ""): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(`../${folder}`, import.meta.url))) {
    if (isDirectory && name !== "lib") yield* shaderNames(`${folder}/${name}`, `${prefix}${name}/`);
    else if (name.endsWith(".wgsl")) yield `${prefix}${name.slice(0, -5)}`;
  }
}

let variants: Promise<[string, string][]> | undefined;

/** Name and text of each variant; compiled by naga, on a device with WebGPU's default limits, when first asked for. */
function compiledVariants(): Promise<[string, string][]> {
  return variants ??= collectVariants();
}

Deno.test("every shader variant compiles under naga, with default limits only", async () => {
  const names = new Set((await compiledVariants()).map(([name]) => name));
  const unused = [...shaderNames()].filter((name) => !names.has(name));
  assertEquals(unused, []);
});

const skipped = chromium === undefined ? " [skipped: no Chromium]" : "";

Deno.test({
  name: `every shader variant compiles under Tint${skipped}`,
  ignore: chromium === undefined,
  fn: async () => {
    const all = await compiledVariants();
    assert(all.length > 100, `only ${all.length} variants were collected`);
    assertEquals(await inPage<string[]>(chromium ?? "", compileModules, all, 120), []);
  },
});

/**
 * Of each shader, the longest variant of at most this many characters is taken, or its shortest if all are longer.
 * Larger register tiles take SwiftShader up to a minute each.
 */
const longestText = 20_000;
/** Seconds that a pipeline may take. Most take less than 1 s; four `&&` for each of 8 pixels took more than 30 s. */
const pipelineSeconds = 20;

Deno.test({
  name: `a pipeline of every shader is made in Chromium within ${pipelineSeconds} s${skipped}`,
  ignore: chromium === undefined,
  fn: async () => {
    const all = await compiledVariants();
    const variants = [...Map.groupBy(all, ([name]) => name).values()].flatMap((own) => {
      const byLength = own.toSorted(([, a], [, b]) => a.length - b.length);
      return [byLength.findLast(([, text]) => text.length <= longestText) ?? byLength[0] ?? []];
    });
    assertEquals(new Set(variants.map(([name]) => name)), new Set(shaderNames()));
    const data = { variants, seconds: pipelineSeconds };
    assertEquals(await inPage<string[]>(chromium ?? "", makePipelines, data, 300), []);
  },
});

/** Runs in a page: what Tint says against each variant. */
const compileModules = `async (variants) => {
  const failures = [];
  const device = await (await navigator.gpu.requestAdapter()).requestDevice();
  for (const [name, code] of variants) {
    const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
    for (const m of messages) if (m.type === "error") failures.push(name + ":" + m.lineNum + ": " + m.message);
  }
  return failures;
}`;

/**
 * Runs in a page. Returns the pipelines that are wrong, and the first that takes too long; the others would have to
 * wait for it.
 */
const makePipelines = `async ({ variants, seconds }) => {
  const failures = [];
  const device = await (await navigator.gpu.requestAdapter()).requestDevice();
  for (const [name, code] of variants) {
    const compute = { module: device.createShaderModule({ code }) };
    const made = device.createComputePipelineAsync({ layout: "auto", compute }).then(() => null, String);
    const late = new Promise((resolve) => setTimeout(resolve, 1000 * seconds, "not made after " + seconds + " s"));
    const failure = await Promise.race([made, late]);
    if (failure !== null) failures.push(name + ": " + failure);
    if (failure?.startsWith("not made")) break;
  }
  return failures;
}`;

/**
 * Name and text of each variant that training, inference, selection and the benchmark's cases compile, for both kinds
 * of adapter.
 */
async function collectVariants(): Promise<[string, string][]> {
  const variants = new Map<string, string>();
  onShaderVariant((name, text) => variants.set(text, name));
  using _ = withoutEmptyLaunches();
  const gpu = await Gpu.open({ defaultLimits: true });
  for (const family of modelFamilies) {
    // Large networks would take gigabytes, and choose the same shaders.
    const width = family.name.startsWith("deeplab-") ? 1 : 0.125;
    const network = new Network(gpu, modelOf(family, { width }), { classes: ["a", "b", "c", "d", "e"] });
    const size = { height: 32, width: 32 };
    const optimizer = await sgd(gpu, network.store);
    const images = input("images", [1, network.model.takes.channels, 32, 32]);
    const program = await Program.compile(gpu, { outputs: { logits: network.logits(images, true) } });
    if (network.model.takes.scans === undefined) {
      const options = { batch: 2, accumulate: 2, crop: size, size };
      (await Trainer.open(gpu, network, optimizer, options)).dispose();
    } else {
      const { logits } = network.trainingLogits(images);
      const of = network.store.trainableTensors().map(({ tensor }) => tensor);
      const results = gradients(logits, of, input("output gradient", logits.shape)).entries();
      const outputs = Object.fromEntries([...results].map(([index, tensor]) => [String(index), tensor]));
      (await Program.compile(gpu, { outputs })).dispose();
    }
    for (const owned of [program, optimizer, network]) owned.dispose();
  }
  for (const software of [true, false]) {
    for (const { inputs, build, directions } of kernelCases()) {
      const output = build(...inputs);
      const of = inputs.filter((_, index) => typeof directions[index] === "string");
      const outputGradient = input("output gradient", output.shape, { layout: output.layout });
      const results = gradients(output, of, outputGradient);
      const outputs = Object.fromEntries([output, ...results].map((tensor, index) => [String(index), tensor]));
      (await Program.compile(gpu, { outputs, traits: { software } })).dispose();
    }
    const statistics = batchNormStatistics(input("x", [1, 4, 9, 9]));
    (await Program.compile(gpu, { outputs: { statistics }, traits: { software } })).dispose();
  }
  await compileSchedules(gpu);
  await compileEpilogues(gpu);
  for (const selfCase of await selfTestCases()) await selfCase.run(gpu);
  for (const classes of [5, 255]) await runSelection(gpu, classes);
  await compileOthers(gpu);
  onShaderVariant(undefined);
  gpu.close();
  return [...variants].map(([text, name]) => [name, text]);
}

/**
 * Leaves out launches over no workgroups, until it is disposed of. Such launches let Mesa's driver compile early. For
 * all variants that takes minutes, and no test here needs it.
 */
function withoutEmptyLaunches(): Disposable {
  const { prototype } = GPUComputePassEncoder;
  const { dispatchWorkgroups } = prototype;
  prototype.dispatchWorkgroups = function (x, ...rest) {
    if (x !== 0) dispatchWorkgroups.call(this, x, ...rest);
  };
  return { [Symbol.dispose]: () => void Object.assign(prototype, { dispatchWorkgroups }) };
}

/**
 * Compiles every candidate of `crosswalk tune` for convolutions with many and with few channels, with and without a
 * stride, in all directions.
 */
async function compileSchedules(gpu: Gpu): Promise<void> {
  for (const channels of [32, 12]) {
    const x = input("x", [1, channels, 12, 12]);
    const w = input("w", [channels, channels, 3, 3], { layout: "convolution" });
    const v = input("v", [channels, channels, 1, 1], { layout: "convolution" });
    const plain = conv2d(x, w, { padding: 1 });
    const strided = conv2d(x, w, { padding: 1, stride: 2 });
    for (const [y, weight] of [[plain, w], [strided, w], [conv2d(x, v), v]] as const) {
      for (const result of [y, ...gradients(y, [x, weight], input("dy", y.shape))]) {
        for (const software of [true, false]) {
          for (const schedule of result.definition.tunable?.candidates({ software }) ?? []) {
            (await Program.compile(gpu, { outputs: { result }, traits: { software, schedule } })).dispose();
          }
        }
      }
    }
  }
}

/** Every form of a convolution with scale, shift, residual and activation, and with bias and residual. */
async function compileEpilogues(gpu: Gpu): Promise<void> {
  const forms = [[6, 18, 3], [3, 18, 3], [66, 7, 3], [64, 64, 3], [20, 24, 1], [60, 36, 3], [260, 24, 3]] as const;
  for (const [inputs, channels, kernel] of forms) {
    const x = input("x", [1, inputs, 8, 8]);
    const w = input("w", [channels, inputs, kernel, kernel], { layout: "convolution" });
    const depthwise = input("depthwise", [channels, 1, 3, 3], { layout: "depthwise" });
    const residual = input("residual", [1, channels, 8, 8]);
    const scaleAndShift = input("scaleAndShift", [2, channels], { layout: "channels" });
    const bias = input("bias", [channels], { layout: "channels" });
    for (const epilogue of [{ scaleAndShift, residual, activation: "relu" } as const, { bias, residual }]) {
      const y = conv2d(x, w, { padding: (kernel - 1) / 2, epilogue });
      const outputs = { y, z: depthwiseConv2d(y, depthwise, { padding: 1, epilogue }) };
      for (const traits of epilogueTraits) (await Program.compile(gpu, { outputs, traits })).dispose();
    }
  }
}

/** Both kinds of adapter, with the rules' own method and with Winograd's where that computes the convolution. */
const epilogueTraits = [true, false].flatMap((software) => [
  { software },
  ...(["winograd", "winograd 2×2"] as const).map((method) => ({ software, schedule: { method } })),
]);

/** @param classes few or many: kernels of other text score many. */
async function runSelection(gpu: Gpu, classes: number): Promise<void> {
  const size = { height: 8, width: 8 };
  const vectors = Math.ceil(classes / 4);
  const labels = async function* () {
    yield { images: 1, labels: new Uint8Array(64) };
  };
  const prior = await accumulatePrior(gpu, labels(), { classes, size });
  const logits = gpu.createBuffer(2 * 2 * vectors * 16, "logits");
  const views = [{ offset: 0, height: 2, width: 2, mirror: false }, { offset: 0, height: 2, width: 2, mirror: true }];
  const batches: ScoreBatches = {
    images: 1,
    async *batches() {
      await Promise.resolve();
      yield { images: 1, ...size, logits: { buffer: logits, offset: 0, size: logits.size }, views };
    },
  };
  const scores = { classes, prior };
  const buffers = { views: logits, labels: gpu.createBuffer(64, "labels") };
  for await (const batch of batches.batches()) await argMaxDispatch(gpu, batch, scores, buffers);
  const merge = { toId: Array.from({ length: classes }, (_, id) => id % 3), toClasses: ["a", "b", "c"] };
  using merged = mergedClasses(gpu, merge);
  for await (const batch of batches.batches()) await argMaxDispatch(gpu, batch, scores, { ...buffers, merged });
  const { lambda } = await selectThresholds(gpu, batches, scores, {
    policy: "cbst",
    rule: "crst",
    portion: 0.5,
    stride: 2,
  });
  for await (const _batch of assignLabels(gpu, batches, scores, lambda));
  for await (const _batch of assignSoftLabels(gpu, batches, scores, lambda, 0.25));
  for await (const batch of batches.batches()) {
    for await (const _piece of classProbabilities(gpu, batch, scores));
  }
  // Range images, without and with rings.
  const zones = gpu.createBuffer(size.height * size.width * 4, "zones");
  const filled: ScoreBatches = {
    images: 1,
    async *batches() {
      for await (const batch of batches.batches()) {
        yield { ...batch, filled: wholeRange(zones), rings: wholeRange(zones) };
      }
    },
  };
  for (const ringCount of [1, 2]) {
    const settings = { policy: "cbst", rule: "crst", portion: 0.5, stride: 2, ringMetres: 5 } as const;
    const thresholds = await selectThresholds(gpu, filled, { ...scores, ringCount }, settings);
    for await (const _batch of assignLabels(gpu, filled, { ...scores, ringCount }, allThresholds(thresholds)));
  }
  const maps = { name: "selftraining/channels_last", text: channelsLast };
  await gpu.pipeline(maps, { CLASSES: classes, CLASS_VECTORS: vectors, PIXELS: 64 });
}

/** What neither a network nor the selection nor a case of the self-test and the benchmark uses. */
async function compileOthers(gpu: Gpu): Promise<void> {
  const x = input("x", [1, 4, 14, 11]);
  const key = input("key", [4], { dtype: "u32", layout: "plain" });
  const weight = input("weight", [4, 1, 3, 3], { layout: "depthwise" });
  const y = depthwiseConv2d(relu(dropout(x, { probability: 0.5, key })), weight, {
    padding: 2,
    stride: 2,
    dilation: 2,
  });
  const [dx = y] = gradients(y, [x], input("dy", y.shape));
  const activations = { loss: y, recompute: false, half: true };
  (await Program.compile(gpu, { outputs: { y, dx }, activations })).dispose();
  const many = input("many", [1, 255, 3, 3]);
  for (const form of [{ dtype: "u8", layout: "plain", shape: [1, 5, 5] }, { shape: [1, 255, 5, 5] }] as const) {
    const { shape, ...options } = form;
    const loss = interpolatedCrossEntropy(many, input("targets", shape, options));
    const [gradient = loss] = gradients(loss, [many]);
    (await Program.compile(gpu, { outputs: { loss, gradient } })).dispose();
  }
  const soft = input("soft labels", [1, 4, 15], { dtype: "u32", layout: "plain" });
  const geometry = input("geometry", [1, 12], { layout: "plain" });
  for (const classes of [5, 255]) {
    const crop = sampleSoftLabels(soft, geometry, { classes, height: 3, width: 4 });
    (await Program.compile(gpu, { outputs: { crop } })).dispose();
  }
  const points = input("points", [1, 40], { dtype: "u32", layout: "plain" });
  const projection = input("projection", [1, scanGeometryLength], { layout: "plain" });
  const winner = projectScans(points, projection, { height: 4, width: 8 });
  const pointClasses = pointLabels(input("classes", [1, 8], { dtype: "u8", layout: "plain" }), winner);
  const ranges = rangeChannels(points, winner, projection, { channels: 6, scaling: "scaled" });
  const alone = nearestPoints(pointPixels(points, projection, { height: 4, width: 8 }), { height: 4, width: 8 });
  (await Program.compile(gpu, { outputs: { pointClasses, ranges, alone } })).dispose();
  const labels = gpu.createBuffer(16, "labels");
  const range = { buffer: labels, offset: 0, size: 16 };
  await confusionDispatch(gpu, range, range, gpu.createBuffer(4 * 5 * 5, "counts"), { classes: 5, pixels: 16 });
  await blankDispatch(gpu, { buffer: gpu.createBuffer(64, "winners"), offset: 0, size: 64 }, range, 16);
  const scan = { scans: 1, capacity: 4, height: 1, width: 4 };
  for (const rule of pointRules) {
    const large = gpu.createBuffer(32, "places");
    const places = { buffer: large, offset: 0, size: 32 };
    await backprojectDispatch(gpu, { labels: range, winners: range, places, points: range }, { ...scan, rule });
  }
  await measurePeaks(gpu);
  await executedTrips(gpu, 2, 2);
}
