/**
 * How the cost of the reference network grows. Time and memory of its training step and its inference are measured
 * against the size of the image, the batch and the number of classes, and those of label generation against the number
 * of images.
 *
 * @module
 */

import type { Gpu } from "../src/gpu/gpu.ts";
import { wholeRange } from "../src/gpu/launch.ts";
import { pack } from "../src/graph/layout.ts";
import { Program } from "../src/graph/program.ts";
import { input } from "../src/graph/tensor.ts";
import { ParameterStore } from "../src/nn/parameter_store.ts";
import { collectParameters } from "../src/nn/parameters.ts";
import type { ScoreBatch, ScoreBatches } from "../src/selftraining/scores.ts";
import { addCounts, noLabels } from "../src/selftraining/label_counts.ts";
import { assignLabels, selectThresholds } from "../src/selftraining/selection.ts";
import { residualDeeplabLogits } from "../src/nn/models/residual_deeplab.ts";
import { ReferenceRun } from "./reference.ts";
import { images, outputStride, parameters, type ReferenceSize, runningStatistics } from "./reference_data.ts";

/** What a sweep changes. */
export type GrowthVariable = "pixels" | "batch" | "classes";

/** The reference network at one size. */
export interface GrowthPoint extends ReferenceSize {
  /** Time of a training step. */
  readonly stepMs: number;
  /** Time of an inference. */
  readonly forwardMs: number;
  /** Planned bytes of the step: parameters, gradients, momentum, inputs, activations, scratch. */
  readonly stepBytes: number;
  /** Planned bytes of an inference: parameters, input, activations, scratch, interpolated logits. */
  readonly forwardBytes: number;
}

/** Label generation for some images: the network, exact thresholds of all classes, and the labels. */
export interface LabellingPoint {
  readonly images: number;
  /** Time where the logits of all images are kept between the passes of the selection. */
  readonly keptMs: number;
  /**
   * The same where each pass computes the logits anew, as happens when they would take more than a bound of memory.
   */
  readonly anewMs: number;
  /** Most GPU bytes at one time, where logits are kept. */
  readonly keptBytes: number;
  /** The same where they are not. */
  readonly anewBytes: number;
}

/** What `bench growth` finds. */
export interface GrowthReport {
  /** Each sweep changes one variable. The others are as in `growthBase`. */
  readonly sweeps: readonly { readonly variable: GrowthVariable; readonly points: readonly GrowthPoint[] }[];
  readonly labelling: readonly LabellingPoint[];
}

/** The point that all sweeps have in common. */
export const growthBase: ReferenceSize = { batch: 1, height: 128, width: 256, classes: 19 };

/** The sizes of each sweep. */
export const growthSizes: Readonly<Record<GrowthVariable, readonly ReferenceSize[]>> = {
  pixels: [64, 128, 192, 256].map((height) => ({ ...growthBase, height, width: 2 * height })),
  batch: [1, 2, 4].map((batch) => ({ ...growthBase, batch })),
  classes: [2, 19, 64, 150].map((classes) => ({ ...growthBase, classes })),
};

/** Numbers of images whose labels are generated. */
export const labelledImages: readonly number[] = [2, 4, 8, 16];
/** Their size, and how many of them the network takes at once. */
export const labellingSize: ReferenceSize = { batch: 2, height: 64, width: 128, classes: 19 };

/**
 * Measures everything. Each time is the shortest of its runs. The sizes of a sweep take turns, so that anything else
 * the machine does slows all of them alike.
 *
 * @param options `runs` after a warm-up.
 * @throws {Error} if a loss or logit is not finite.
 */
export async function benchGrowth(gpu: Gpu, { runs }: { readonly runs: number }): Promise<GrowthReport> {
  const sweeps = [];
  for (const variable of ["pixels", "batch", "classes"] as const) {
    sweeps.push({ variable, points: await sweep(gpu, growthSizes[variable], runs) });
  }
  return { sweeps, labelling: await growLabelling(gpu, runs) };
}

async function sweep(gpu: Gpu, sizes: readonly ReferenceSize[], runs: number): Promise<GrowthPoint[]> {
  const measured: { run: ReferenceRun; stepTimes: number[]; forwardTimes: number[] }[] = [];
  try {
    for (const size of sizes) {
      measured.push({ run: await ReferenceRun.open(gpu, { size }), stepTimes: [], forwardTimes: [] });
    }
    for (let round = 0; round <= runs; round++) {
      for (const { run, stepTimes, forwardTimes } of measured) {
        forwardTimes.push(await milliseconds(() => infer(run)));
        stepTimes.push(await milliseconds(() => train(run)));
      }
    }
    return measured.map(({ run: { size, stepBytes, forwardBytes }, stepTimes, forwardTimes }) => ({
      ...size,
      stepMs: fastest(stepTimes),
      forwardMs: fastest(forwardTimes),
      stepBytes,
      forwardBytes,
    }));
  } finally {
    for (const { run } of measured) run.dispose();
  }
}

async function train(run: ReferenceRun): Promise<void> {
  run.submitStep();
  requireFinite(await run.loss(), run.size);
}

async function infer(run: ReferenceRun): Promise<void> {
  run.submitForward();
  requireFinite((await run.logits())[0] ?? NaN, run.size);
}

function requireFinite(value: number, { batch, height, width, classes }: ReferenceSize): void {
  if (Number.isFinite(value)) return;
  throw new Error(
    `The reference network gave ${value} at batch ${batch} of ${height}×${width}, ${classes} classes. ` +
      "Run crosswalk doctor to find the kernel",
  );
}

/** Time until the result is in the CPU's hands. */
async function milliseconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** The shortest time. The work is the same each time, and anything else the machine does only adds to it. */
function fastest(times: readonly number[]): number {
  return Math.min(...times);
}

async function growLabelling(gpu: Gpu, runs: number): Promise<LabellingPoint[]> {
  using labeller = await Labeller.open(gpu, labellingSize);
  const measured = labelledImages.map((count) => ({
    count,
    kept: { times: [] as number[], bytes: 0 },
    anew: { times: [] as number[], bytes: 0 },
  }));
  for (let round = 0; round <= runs; round++) {
    for (const { count, kept, anew } of measured) {
      for (const found of [kept, anew]) {
        gpu.resetPeak();
        const before = gpu.allocatedBytes;
        found.times.push(await milliseconds(() => labeller.label(count, found === kept)));
        found.bytes = labeller.bytes + gpu.peakBytes - before;
      }
    }
  }
  return measured.map(({ count, kept, anew }) => ({
    images: count,
    keptMs: fastest(kept.times),
    anewMs: fastest(anew.times),
    keptBytes: kept.bytes,
    anewBytes: anew.bytes,
  }));
}

/** Generates labels by the reference network. */
class Labeller {
  private constructor(
    readonly gpu: Gpu,
    readonly size: ReferenceSize,
    readonly store: ParameterStore,
    readonly program: Program,
    /** Pixels of one batch and one image more. Every batch is a window of them, each a little further on. */
    readonly pixels: Float32Array<ArrayBuffer>,
    /** Bytes of parameters and program. */
    readonly bytes: number,
  ) {}

  static async open(gpu: Gpu, size: ReferenceSize): Promise<Labeller> {
    const { batch, height, width, classes } = size;
    const before = gpu.allocatedBytes;
    const batchOfImages = input("images", [batch, 3, height, width]);
    const declared = collectParameters((scope) => residualDeeplabLogits(batchOfImages, scope, true, classes));
    const store = new ParameterStore(gpu, declared, { trainable: false });
    const values = [...parameters(size), ...runningStatistics()];
    store.load(new Map(values.map((tensor) => [tensor.name, tensor])), "the reference workload");
    const program = await Program.compile(gpu, {
      outputs: { logits: residualDeeplabLogits(batchOfImages, store, true, classes) },
    });
    const shape = [batch + 1, 3, height, width];
    const pixels = pack(images({ ...size, batch: batch + 1 }), shape, "activation");
    return new Labeller(gpu, size, store, program, pixels, gpu.allocatedBytes - before);
  }

  /** Labels so many images. The logits are kept on the GPU, or computed anew in each pass. */
  async label(count: number, keep: boolean): Promise<void> {
    const { gpu, size: { batch, classes } } = this;
    const kept: ScoreBatch[] = [];
    const infer = (first: number) => this.#infer(first);
    const source: ScoreBatches = {
      images: count,
      async *batches() {
        yield* kept;
        for (let first = kept.length * batch; first < count; first += batch) {
          const scores = infer(first);
          if (keep) kept.push(scores);
          yield scores;
          if (!keep) gpu.destroyBuffer(scores.logits.buffer);
          await gpu.wait();
        }
      },
    };
    const settings = { policy: "cbst", rule: "crst", portion: 0.2, stride: 1 } as const;
    const { lambda } = await selectThresholds(gpu, source, { classes }, settings);
    let pixels = 0;
    let total = noLabels(classes);
    for await (const { labels, counts } of assignLabels(gpu, source, { classes }, lambda)) {
      pixels += labels.length;
      total = addCounts(total, counts);
    }
    for (const { logits } of kept) gpu.destroyBuffer(logits.buffer);
    if (total.labelled.reduce((sum, labelled) => sum + labelled, total.ignored) !== pixels) {
      throw new Error(`Label generation lost some of ${pixels} pixels. Run crosswalk doctor to find the kernel`);
    }
  }

  #infer(first: number): ScoreBatch {
    const { batch, height, width } = this.size;
    const start = first * 64 * 4 % (this.pixels.length / (batch + 1));
    this.program.write("images", this.pixels.subarray(start, start + this.pixels.length * batch / (batch + 1)));
    const from = this.program.output("logits");
    const buffer = this.gpu.createBuffer(from.size, "logits");
    this.program.run([{ from, to: buffer, toOffset: 0 }]);
    const view = { offset: 0, height: height / outputStride, width: width / outputStride, mirror: false };
    return { images: batch, height, width, logits: wholeRange(buffer), views: [view] };
  }

  [Symbol.dispose](): void {
    this.program.dispose();
    this.store.dispose();
  }
}
