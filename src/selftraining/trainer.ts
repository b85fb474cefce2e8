/**
 * Training of a network on the GPU: one program per micro-batch that samples the crops, computes the loss and the gradients;
 * after the last one of a step, the optimizer. Nothing is read back but a few numbers per step, many steps at a time.
 *
 * @module
 */

import type { SamplePlan } from "../data/sampling.ts";
import type { Size } from "../data/size.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { type BufferCopy, type BufferRange, type Dispatch, wholeRange } from "../gpu/launch.ts";
import { gradients } from "../ops/gradients.ts";
import { Program } from "../graph/program.ts";
import type { ProgramDefinition } from "../graph/program_plan.ts";
import { input } from "../graph/tensor.ts";
import type { Network } from "../nn/network.ts";
import { sampleGeometryLength, sampleGeometryValues } from "../ops/data/geometry.ts";
import { sampleImages, sampleLabels } from "../ops/data/sample.ts";
import { interpolatedCrossEntropy } from "../ops/loss/interpolated_cross_entropy.ts";
import { nonFiniteDispatch } from "../ops/metrics/non_finite.ts";
import { GradientAccumulation } from "../optim/accumulation.ts";
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
  /** Crops of a micro-batch: those that are in memory together. */
  readonly batch: number;
  /** Micro-batches of a step, whose gradients and losses are averaged. Default 1. */
  readonly accumulate?: number;
  /** Recompute activations inside the network's blocks for the gradients, instead of keeping them. Default `false`. */
  readonly recompute?: boolean;
  /** Keep activations for the gradients in 16 bits. Default `false`. */
  readonly halfActivations?: boolean;
  /** Size of a crop; a multiple of the output stride. */
  readonly crop: Size;
  /** Size of the images that are written. */
  readonly size: Size;
}

/** Loss of one step. */
export interface StepLoss {
  /** Step number, as given to `step`. */
  readonly step: number;
  /** Mean cross-entropy over the valid pixels of each micro-batch, averaged over the micro-batches. */
  readonly loss: number;
}

/** Steps whose losses are kept on the GPU before they must be read. */
const logLength = 64;

/** A compiled training step. */
export class Trainer {
  /** Micro-batches of a step. */
  readonly accumulate: number;
  readonly #log: GPUBuffer;
  #logged: number[] = [];

  private constructor(
    readonly gpu: Gpu,
    /** Loss and gradients of a micro-batch. */
    readonly program: Program,
    readonly optimizer: Optimizer,
    readonly options: TrainerOptions,
    /** Counts the gradients and weights that are not finite. */
    readonly counter: GPUBuffer,
    readonly accumulation: GradientAccumulation | null,
    /** What is launched for each micro-batch of a step. */
    readonly launches: readonly (readonly Dispatch[])[],
    /** From the outputs of a micro-batch to the parameters that they replace. */
    readonly updates: readonly BufferCopy[],
  ) {
    this.accumulate = launches.length;
    this.#log = gpu.createBuffer(logLength * this.#logBytes, "loss log");
  }

  /** Compiles the step. */
  static async open(gpu: Gpu, network: Network, optimizer: Optimizer, options: TrainerOptions): Promise<Trainer> {
    const { accumulate = 1 } = options;
    const means = network.store.gradientSegments;
    const accumulation = accumulate === 1 ? null : await GradientAccumulation.open(gpu, means, accumulate);
    const place = (range: BufferRange) => accumulation?.place(range) ?? range;
    const definition = trainingStep(network, options, place);
    const program = await Program.compile(gpu, definition);
    const counter = gpu.createBuffer(4, "non-finite values");
    const check = (ranges: readonly BufferRange[]) =>
      Promise.all(ranges.map((range) => nonFiniteDispatch(gpu, range, counter)));
    const gradientChecks = await check(means.map(wholeRange));
    // Finite gradients can still overflow in the update.
    const weightChecks = await check(network.store.runs().map(({ values }) => values));
    const launches = Array.from({ length: accumulate }, (_, index) => [
      ...program.dispatches,
      ...(index === 0 ? accumulation?.first : accumulation?.further) ?? [],
      ...(index === accumulate - 1 ? [...gradientChecks, ...optimizer.dispatches, ...weightChecks] : []),
    ]);
    const updates = Object.keys(definition.outputs).filter((name) => name !== "loss").map((name) => {
      const { buffer, offset, size } = network.store.valueRange(name);
      return { from: { ...program.output(name), size }, to: buffer, toOffset: offset };
    });
    return new Trainer(gpu, program, optimizer, options, counter, accumulation, launches, updates);
  }

  /**
   * Submits one step; does not wait.
   *
   * @param step number for messages and `losses`.
   * @param samples those of the micro-batches one after the other.
   */
  step(step: number, samples: readonly TrainingSample[], rates: LearningRates): void {
    const { batch } = this.options;
    const count = batch * this.accumulate;
    if (samples.length !== count) throw new RangeError(`A step takes ${count} samples, ${samples.length} were given`);
    this.optimizer.prepare(rates);
    const slot = (this.#logged.push(step) - 1) * this.#logBytes;
    for (const [index, launches] of this.launches.entries()) {
      this.#write(samples.slice(index * batch, (index + 1) * batch));
      this.gpu.submit(launches, [
        ...this.updates,
        { from: { ...this.program.output("loss"), size: 4 }, to: this.#log, toOffset: slot + 4 + index * 4 },
        { from: { buffer: this.counter, offset: 0, size: 4 }, to: this.#log, toOffset: slot },
      ]);
    }
  }

  #write(samples: readonly TrainingSample[]): void {
    const { batch, size } = this.options;
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
  }

  /** Crops of a step, over all its micro-batches. */
  get crops(): number {
    return this.options.batch * this.accumulate;
  }

  /** Bytes of a step in the log: the count of non-finite gradients, and the loss of each micro-batch. */
  get #logBytes(): number {
    return 4 * (1 + this.accumulate);
  }

  /** Steps submitted since the last `losses()`; at most 64 may wait. */
  get waiting(): number {
    return this.#logged.length;
  }

  /**
   * Waits for the submitted steps and returns their losses.
   *
   * @throws {Error} naming the first step whose loss, gradients or weights are not finite. Its update has been applied: go back
   * to the last checkpoint.
   */
  async losses(): Promise<StepLoss[]> {
    const steps = this.#logged;
    if (steps.length === 0) return [];
    this.#logged = [];
    const [bytes] = await this.gpu.read({ buffer: this.#log, offset: 0, size: steps.length * this.#logBytes });
    if (bytes === undefined) return [];
    return steps.map((step, index) => {
      const [count = 0] = new Uint32Array(bytes.buffer, index * this.#logBytes, 1);
      const losses = new Float32Array(bytes.buffer, index * this.#logBytes + 4, this.accumulate);
      const loss = losses.reduce((sum, value) => sum + value, 0) / this.accumulate;
      if (!Number.isFinite(loss) || count > 0) {
        throw new Error(
          `Training stopped at step ${step}: the loss is ${loss} and ${count} gradients and weights are not finite. ` +
            "Lower the learning rate (--source-rate, --learning-rate of the rounds); the last good checkpoint is kept",
        );
      }
      return { step, loss };
    });
  }

  /** Frees the program. */
  dispose(): void {
    this.program.dispose();
    this.accumulation?.dispose();
    for (const buffer of [this.counter, this.#log]) this.gpu.destroyBuffer(buffer);
  }
}

/**
 * The graph of a micro-batch, without the optimizer: for `Trainer` and for the memory plan.
 *
 * @param place where a gradient goes that belongs at a range of the store; default there.
 */
export function trainingStep(
  network: Network,
  options: TrainerOptions,
  place: (range: BufferRange) => BufferRange = (range) => range,
): ProgramDefinition {
  const { batch, crop, size } = options;
  const pixels = input("pixels", [batch, size.height, size.width], { dtype: "u32", layout: "plain" });
  const labels = input("labels", [batch, size.height, size.width], { dtype: "u8", layout: "plain" });
  const geometry = input("geometry", [batch, sampleGeometryLength], { layout: "plain" });
  const images = sampleImages(pixels, geometry, { ...crop, normalization: network.model.normalization });
  const { logits, updates } = network.trainingLogits(images);
  const loss = interpolatedCrossEntropy(logits, sampleLabels(labels, geometry, crop), {
    alignCorners: network.model.alignCorners,
  });
  const trainable = network.store.trainableTensors();
  const results = gradients(loss, trainable.map(({ tensor }) => tensor));
  const destinations = new Map(
    trainable.flatMap(({ gradient }, index) => {
      const tensor = results[index];
      return tensor === undefined ? [] : [[tensor, place(gradient)] as const];
    }),
  );
  return {
    outputs: { loss, ...Object.fromEntries(updates) },
    destinations,
    activations: { loss, recompute: options.recompute ?? false, half: options.halfActivations ?? false },
  };
}
