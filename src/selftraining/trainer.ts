/**
 * Training of a network on the GPU: one program per micro-batch samples the crops and computes the loss and the gradients.
 * After the last one of a step come the exchange of gradients, where there is one, the optimizer, and what follows a step.
 * Nothing is read back but a few numbers per step, many steps at a time.
 *
 * @module
 */

import { DivergenceError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { bindableRanges, type BufferCopy, type BufferRange, type Dispatch } from "../gpu/launch.ts";
import { Program } from "../graph/program.ts";
import type { Network } from "../nn/network.ts";
import { nonFiniteDispatch } from "../ops/metrics/non_finite.ts";
import { GradientAccumulation } from "../optim/accumulation.ts";
import type { LearningRates, Optimizer } from "../optim/optimizer.ts";
import { hashText } from "../random.ts";
import { dropoutInput, encodeSamples, type StepOptions, type TrainingSample, trainingStep } from "./training_step.ts";

/** What can be attached to a step. With nothing attached, a step is one submission for each micro-batch. */
export interface StepJoints {
  /**
   * Told the segments of gradients when those of a step are submitted. The optimizer is submitted when what this returns is
   * done. For sums over several machines.
   */
  readonly exchange?: (gradients: readonly GPUBuffer[]) => Promise<void>;
  /** Launched after the optimizer, such as a moving average of the weights. */
  readonly afterStep?: readonly Dispatch[];
}

/** Options of a trainer. */
export interface TrainerOptions extends StepOptions {
  /** Micro-batches of a step, whose gradients and losses are averaged. Default 1. */
  readonly accumulate?: number;
  /** What is attached to a step. Default: nothing. */
  readonly joints?: StepJoints;
}

/** Where in a run a step is, for the random numbers inside the network. */
export interface StepSeed {
  /** Seed of the run, a u32. */
  readonly seed: number;
  /** Name of the stage. */
  readonly stage: string;
}

/** Loss of one step. */
export interface StepLoss {
  /** Step number, as given to `step`. */
  readonly step: number;
  /** What the objective gave for each micro-batch, averaged over the micro-batches. */
  readonly loss: number;
}

/** Steps whose losses are kept on the GPU before they must be read. */
export const logLength = 64;

/** The launches of a step, in their order. */
export interface StepLaunches {
  /** Of each micro-batch: loss and gradients, and their sum with those of the micro-batches before. */
  readonly gradients: readonly (readonly Dispatch[])[];
  /** After the exchange: the optimizer, what checks its results, and what follows the step. */
  readonly update: readonly Dispatch[];
}

/** A compiled training step. */
export class Trainer {
  /** Micro-batches of a step. */
  readonly accumulate: number;
  readonly #log: GPUBuffer;
  #logged: number[] = [];

  private constructor(
    readonly gpu: Gpu,
    readonly network: Network,
    /** Loss and gradients of a micro-batch. */
    readonly program: Program,
    readonly optimizer: Optimizer,
    readonly options: TrainerOptions,
    /** Names of the layers whose dropouts take a key. */
    readonly dropouts: readonly string[],
    /** Counts the gradients and weights that are not finite. */
    readonly counter: GPUBuffer,
    readonly accumulation: GradientAccumulation | null,
    readonly launches: StepLaunches,
    /** From the outputs of a micro-batch to the parameters that they replace. */
    readonly updates: readonly BufferCopy[],
  ) {
    this.accumulate = launches.gradients.length;
    this.#log = gpu.createBuffer(logLength * this.#logBytes, "loss log");
  }

  /** Compiles the step. */
  static async open(gpu: Gpu, network: Network, optimizer: Optimizer, options: TrainerOptions): Promise<Trainer> {
    const { accumulate = 1 } = options;
    const { store } = network;
    const accumulation = accumulate === 1
      ? null
      : await GradientAccumulation.open(gpu, store.gradientSegments, accumulate);
    const place = (range: BufferRange) => accumulation?.place(range) ?? range;
    const { definition, updates, dropouts, constants } = trainingStep(network, options, place);
    const program = await Program.compile(gpu, definition);
    for (const [name, values] of constants) program.write(name, values);
    const counter = gpu.createBuffer(4, "non-finite values");
    const check = (ranges: readonly BufferRange[]) =>
      Promise.all(ranges.map((range) => nonFiniteDispatch(gpu, range, counter)));
    const gradientChecks = await check(
      store.gradientSegments.flatMap((buffer) =>
        bindableRanges(buffer.size, gpu.maxBindingBytes).map((range) => ({ buffer, ...range }))
      ),
    );
    // Finite gradients can still overflow in the update.
    const weightChecks = await check(store.runs().map(({ values }) => values));
    const launches: StepLaunches = {
      gradients: Array.from({ length: accumulate }, (_, index) => [
        ...program.dispatches,
        ...(index === 0 ? accumulation?.first : accumulation?.further) ?? [],
        ...(index === accumulate - 1 ? gradientChecks : []),
      ]),
      update: [...optimizer.dispatches, ...weightChecks, ...options.joints?.afterStep ?? []],
    };
    const copies = updates.map((name) => {
      const { buffer, offset, size } = store.valueRange(name);
      return { from: { ...program.output(name), size }, to: buffer, toOffset: offset };
    });
    return new Trainer(gpu, network, program, optimizer, options, dropouts, counter, accumulation, launches, copies);
  }

  /**
   * Submits one step. Waits for nothing but the exchange, where there is one.
   *
   * @param step number for messages and `losses`; with `random` it determines the random numbers inside the network.
   * @param samples those of the micro-batches one after the other.
   */
  async step(
    step: number,
    samples: readonly TrainingSample[],
    rates: LearningRates,
    random: StepSeed = { seed: 0, stage: "" },
  ): Promise<void> {
    const { batch, joints: { exchange } = {} } = this.options;
    const count = batch * this.accumulate;
    if (samples.length !== count) throw new RangeError(`A step takes ${count} samples, ${samples.length} were given`);
    this.optimizer.prepare(rates);
    const slot = (this.#logged.push(step) - 1) * this.#logBytes;
    const { gradients, update } = this.launches;
    const countCopy = { from: { buffer: this.counter, offset: 0, size: 4 }, to: this.#log, toOffset: slot };
    for (const [index, launches] of gradients.entries()) {
      this.#write(samples.slice(index * batch, (index + 1) * batch), random, step * this.accumulate + index);
      const lossAt = slot + 4 + index * 4;
      const lossCopy = { from: { ...this.program.output("loss"), size: 4 }, to: this.#log, toOffset: lossAt };
      const isWhole = index === gradients.length - 1 && exchange === undefined;
      this.gpu.submit(isWhole ? [...launches, ...update] : launches, [...this.updates, lossCopy, countCopy]);
    }
    if (exchange === undefined) return;
    await exchange(this.network.store.gradientSegments);
    this.gpu.submit(update, [countCopy]);
  }

  #write(samples: readonly TrainingSample[], { seed, stage }: StepSeed, microBatch: number): void {
    for (const [name, bytes] of encodeSamples(this.network, samples, this.options)) this.program.write(name, bytes);
    for (const name of this.dropouts) {
      this.program.write(dropoutInput(name), Uint32Array.of(seed, hashText(stage), microBatch, hashText(name)));
    }
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
        throw new DivergenceError(
          `Training stopped at step ${step}: the loss is ${loss} and ${count} gradients and weights are not finite`,
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
