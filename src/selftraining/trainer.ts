/**
 * Training of a network on the GPU: one program per step that samples the crops, computes the loss, the gradients and
 * the optimizer's step. Nothing is read back but two numbers per step, many steps at a time.
 *
 * @module
 */

import type { SamplePlan } from "../data/sampling.ts";
import type { Size } from "../data/size.ts";
import { type BufferRange, type Gpu, wholeRange } from "../gpu/gpu.ts";
import { gradients } from "../ops/gradients.ts";
import { Program, type ProgramDefinition } from "../graph/program.ts";
import { input } from "../graph/tensor.ts";
import type { Network } from "../nn/network.ts";
import { sampleGeometryLength, sampleGeometryValues } from "../ops/data/geometry.ts";
import { sampleImages, sampleLabels } from "../ops/data/sample.ts";
import { interpolatedCrossEntropy } from "../ops/loss/interpolated_cross_entropy.ts";
import { nonFiniteDispatch } from "../ops/metrics/non_finite.ts";
import type { LearningRates, Optimizer } from "../optim/optimizer.ts";

/** One crop of a batch: an image with its labels at the working size, and what is cut from it. */
export interface TrainingSample {
  /** Bytes red, green, blue, 255 of each pixel, `[height, width]`. */
  readonly pixels: Uint8Array;
  /** Train ids `[height, width]`, 255 = ignored. */
  readonly labels: Uint8Array;
  /** Scale, crop, mirror and jitter. */
  readonly plan: SamplePlan;
}

/** Sizes of a training program. */
export interface TrainerOptions {
  /** Crops per step. */
  readonly batch: number;
  /** Size of a crop; a multiple of the output stride. */
  readonly crop: Size;
  /** Size of the images that are written. */
  readonly size: Size;
}

/** Loss of one step. */
export interface StepLoss {
  /** Step number, as given to `step`. */
  readonly step: number;
  /** Mean cross-entropy over the valid pixels of the batch. */
  readonly loss: number;
}

/** Steps whose losses are kept on the GPU before they must be read. */
const logLength = 64;

/** A compiled training step. */
export class Trainer {
  /** The compiled step. */
  readonly program: Program;
  readonly #gpu: Gpu;
  readonly #optimizer: Optimizer;
  readonly #options: TrainerOptions;
  readonly #counter: GPUBuffer;
  readonly #log: GPUBuffer;
  #logged: number[] = [];

  private constructor(gpu: Gpu, program: Program, optimizer: Optimizer, counter: GPUBuffer, options: TrainerOptions) {
    this.program = program;
    this.#gpu = gpu;
    this.#optimizer = optimizer;
    this.#options = options;
    this.#counter = counter;
    this.#log = gpu.createBuffer(logLength * 8, "loss log");
  }

  /** Compiles the step. */
  static async open(gpu: Gpu, network: Network, optimizer: Optimizer, options: TrainerOptions): Promise<Trainer> {
    const counter = gpu.createBuffer(4, "non-finite values");
    const check = (ranges: readonly BufferRange[]) =>
      Promise.all(ranges.map((range) => nonFiniteDispatch(gpu, range, counter)));
    const gradientChecks = await check(network.store.gradientSegments.map(wholeRange));
    // Finite gradients can still overflow in the update.
    const weightChecks = await check(network.store.runs().map(({ values }) => values));
    const definition = trainingStep(network, options);
    const program = await Program.compile(gpu, {
      ...definition,
      epilogue: [...gradientChecks, ...optimizer.dispatches, ...weightChecks],
    });
    return new Trainer(gpu, program, optimizer, counter, options);
  }

  /**
   * Submits one step; does not wait.
   *
   * @param step number for messages and `losses`.
   */
  step(step: number, samples: readonly TrainingSample[], rates: LearningRates): void {
    const { batch, size } = this.#options;
    if (samples.length !== batch) throw new RangeError(`A step takes ${batch} samples, ${samples.length} were given`);
    const pixels = new Uint8Array(batch * size.height * size.width * 4);
    const labels = new Uint8Array(batch * size.height * size.width);
    for (const [index, sample] of samples.entries()) {
      pixels.set(sample.pixels, index * size.height * size.width * 4);
      labels.set(sample.labels, index * size.height * size.width);
    }
    this.program.write("pixels", pixels);
    this.program.write("labels", labels);
    this.program.write(
      "geometry",
      Float32Array.from(samples.flatMap(({ plan }) => sampleGeometryValues(plan))),
    );
    this.#optimizer.prepare(rates);
    const slot = this.#logged.push(step) - 1;
    this.program.run([
      { from: { ...this.program.output("loss"), size: 4 }, to: this.#log, toOffset: slot * 8 },
      { from: { buffer: this.#counter, offset: 0, size: 4 }, to: this.#log, toOffset: slot * 8 + 4 },
    ]);
  }

  /** Steps submitted since the last `losses()`; at most 64 may wait. */
  get waiting(): number {
    return this.#logged.length;
  }

  /**
   * Waits for the submitted steps and returns their losses.
   *
   * @throws {Error} naming the first step whose loss, gradients or updated weights are not finite. Its update has been
   * applied: go back to the last checkpoint.
   */
  async losses(): Promise<StepLoss[]> {
    const steps = this.#logged;
    if (steps.length === 0) return [];
    this.#logged = [];
    const [bytes] = await this.#gpu.read({ buffer: this.#log, offset: 0, size: steps.length * 8 });
    if (bytes === undefined) return [];
    const losses = new Float32Array(bytes.buffer);
    const counts = new Uint32Array(bytes.buffer);
    return steps.map((step, index) => {
      const loss = losses[index * 2] ?? NaN;
      if (!Number.isFinite(loss) || (counts[index * 2 + 1] ?? 0) > 0) {
        throw new Error(
          `Training stopped at step ${step}: the loss is ${loss} and ${
            counts[index * 2 + 1]
          } gradients and weights are not finite. ` +
            "Lower the learning rate (--source-rate, --learning-rate of the rounds); the last good checkpoint is kept",
        );
      }
      return { step, loss };
    });
  }

  /** Frees the program. */
  dispose(): void {
    this.program.dispose();
    this.#gpu.destroyBuffer(this.#counter);
    this.#gpu.destroyBuffer(this.#log);
  }
}

/** The graph of a training step, without the optimizer: for `Trainer` and for the memory plan. */
export function trainingStep(network: Network, options: TrainerOptions): ProgramDefinition {
  const { batch, crop, size } = options;
  const pixels = input("pixels", [batch, size.height, size.width], { dtype: "u32", layout: "plain" });
  const labels = input("labels", [batch, size.height, size.width], { dtype: "u8", layout: "plain" });
  const geometry = input("geometry", [batch, sampleGeometryLength], { layout: "plain" });
  const images = sampleImages(pixels, geometry, { ...crop, normalization: network.model.normalization });
  const loss = interpolatedCrossEntropy(network.logits(images, false), sampleLabels(labels, geometry, crop), {
    alignCorners: network.model.alignCorners,
  });
  const trainable = network.store.trainableTensors();
  const results = gradients(loss, trainable.map(({ tensor }) => tensor));
  const destinations = new Map(
    trainable.flatMap(({ gradient }, index) => {
      const tensor = results[index];
      return tensor === undefined ? [] : [[tensor, gradient] as const];
    }),
  );
  return { outputs: { loss }, destinations };
}
