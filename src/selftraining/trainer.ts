/**
 * Training of a network on the GPU. One program per micro-batch samples the crops and computes the loss and the
 * gradients. After the last micro-batch of a step come the exchange of gradients, if there is one, the optimizer, and
 * whatever is attached after the step. Only a few numbers per step are read back, for many steps at a time.
 *
 * @module
 */

import { DivergenceError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { bindableRanges, type BufferCopy, type BufferRange, type Dispatch } from "../gpu/launch.ts";
import { Program } from "../graph/program.ts";
import { dropoutInput, type Network } from "../nn/network.ts";
import { nonFiniteDispatch } from "../ops/metrics/non_finite.ts";
import { GradientAccumulation } from "../optim/accumulation.ts";
import type { LearningRates, Optimizer } from "../optim/optimizer.ts";
import { hashText } from "../random.ts";
import { encodeSamples, type StepOptions, type TrainingSample, trainingStep } from "./training_step.ts";

/** What can be attached to a step. With nothing attached, a step is one submission for each micro-batch. */
export interface StepJoints {
  /**
   * Called once the gradients of a step are submitted, with the buffers that hold them. The optimizer is submitted when
   * the returned promise is fulfilled. Meant for sums over several machines.
   */
  readonly exchange?: (gradients: readonly GPUBuffer[]) => Promise<void>;
  /** Launches after the optimizer, such as a moving average of the weights. */
  readonly afterStep?: readonly Dispatch[];
}

/** Options of a trainer. */
export interface TrainerOptions extends StepOptions {
  /** Micro-batches of a step, whose gradients and losses are averaged. Default 1. */
  readonly accumulate?: number;
  /** What is attached to a step. Default: nothing. */
  readonly joints?: StepJoints;
}

/** What the random numbers inside the network depend on, beside the number of the step and the layer. */
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
  /** The objective's value, averaged over the micro-batches. */
  readonly loss: number;
}

/** Steps whose losses are kept on the GPU before they must be read. */
export const logLength = 64;

/** The launches of a step, in their order. */
export interface StepLaunches {
  /** For each micro-batch: the loss and the gradients, which are then added to those of the micro-batches before. */
  readonly gradients: readonly (readonly Dispatch[])[];
  /** After the exchange: the optimizer, the checks of the new weights, and whatever is attached after the step. */
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
    /** Computes the loss and the gradients of a micro-batch. */
    readonly program: Program,
    readonly optimizer: Optimizer,
    readonly options: TrainerOptions,
    /** Names of the layers whose dropouts take a key. */
    readonly dropouts: readonly string[],
    /** Counts the gradients and weights that are not finite. */
    readonly counter: GPUBuffer,
    readonly accumulation: GradientAccumulation | null,
    readonly launches: StepLaunches,
    /** Copies from the outputs of a micro-batch to the parameters that they replace, such as running statistics. */
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
   * Submits one step. It waits for nothing but the exchange, if there is one.
   *
   * @param step number of the step, for messages and `losses`. With `random`, the random numbers inside the network
   * depend on it.
   * @param samples the samples of all micro-batches, one micro-batch after the other.
   * @param momentum of this step, as `Optimizer.prepare` takes it.
   */
  async step(
    step: number,
    samples: readonly TrainingSample[],
    rates: LearningRates,
    random: StepSeed = { seed: 0, stage: "" },
    momentum?: number,
  ): Promise<void> {
    const { batch, joints: { exchange } = {} } = this.options;
    const count = batch * this.accumulate;
    if (samples.length !== count) throw new RangeError(`A step takes ${count} samples, ${samples.length} were given`);
    const slot = this.#logged.length * this.#logBytes;
    const { gradients, update } = this.launches;
    const countCopy = { from: { buffer: this.counter, offset: 0, size: 4 }, to: this.#log, toOffset: slot };
    for (const [index, launches] of gradients.entries()) {
      this.#write(samples.slice(index * batch, (index + 1) * batch), random, step * this.accumulate + index);
      const lossAt = slot + 4 + index * 4;
      const lossCopy = { from: { ...this.program.output("loss"), size: 4 }, to: this.#log, toOffset: lossAt };
      const isLast = index === gradients.length - 1;
      const isWhole = isLast && exchange === undefined;
      // Only now, since a sample that is refused must leave no trace of its step.
      if (isLast) {
        this.optimizer.prepare(rates, momentum);
        this.#logged.push(step);
      }
      this.gpu.submit(isWhole ? [...launches, ...update] : launches, [...this.updates, lossCopy, countCopy]);
    }
    if (exchange === undefined) return;
    await exchange(this.network.store.gradientSegments);
    this.gpu.submit(update, [countCopy]);
  }

  #write(samples: readonly TrainingSample[], { seed, stage }: StepSeed, microBatch: number): void {
    for (const [name, bytes] of encodeSamples(this.network, samples, this.options)) {
      // An objective need not look at everything.
      if (this.program.hasInput(name)) this.program.write(name, bytes);
    }
    for (const name of this.dropouts) {
      this.program.write(dropoutInput(name), Uint32Array.of(seed, hashText(stage), microBatch, hashText(name)));
    }
  }

  /** Crops of a step, over all its micro-batches. */
  get crops(): number {
    return this.options.batch * this.accumulate;
  }

  /**
   * Bytes that a step takes in the log on the GPU: the count of non-finite values, and the loss of each micro-batch.
   */
  get #logBytes(): number {
    return 4 * (1 + this.accumulate);
  }

  /** Number of steps submitted since the last `losses()`; at most 64. */
  get waiting(): number {
    return this.#logged.length;
  }

  /**
   * Waits for the submitted steps and returns their losses.
   *
   * @throws {Error} naming the first step whose loss, gradients or weights are not finite. The weights have already
   * been changed by it, so only the last checkpoint is good.
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
