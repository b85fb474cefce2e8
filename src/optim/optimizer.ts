/**
 * Optimizers: they change the parameters once their gradients are known. An optimizer is one launch for each run of
 * parameters, so it can be the epilogue of a training program.
 *
 * @module
 */

import adamwShader from "../../shaders/optim/adamw.wgsl" with { type: "text" };
import sgdShader from "../../shaders/optim/sgd.wgsl" with { type: "text" };
import type { Gpu } from "../gpu/gpu.ts";
import { type Dispatch, grid } from "../gpu/launch.ts";
import { GradientClip } from "./gradient_clip.ts";
import type { ParameterRun, ParameterStore } from "../nn/parameter_store.ts";
import type { ParameterGroup } from "../nn/parameters.ts";

/** Learning rate of each parameter group for one step, by the group's name. */
export type LearningRates = Readonly<Record<string, number>>;

/**
 * The learning rates of all groups: `rate` times the group's own factor.
 *
 * @param headRate a further factor, for the groups that belong to the head.
 * @param others further factors: for the groups that do not, and for those of biases (`isBiasGroup`).
 */
export function groupRates(
  groups: readonly ParameterGroup[],
  rate: number,
  headRate: number,
  { backbone = 1, bias = 1 }: { readonly backbone?: number; readonly bias?: number } = {},
): LearningRates {
  return Object.fromEntries(groups.map((group) => {
    const ofPart = group.head === true ? headRate : backbone;
    return [group.name, rate * (group.rate ?? 1) * ofPart * (isBiasGroup(group) ? bias : 1)];
  }));
}

/** Whether a group is one of biases and of the shifts of batch norms: its name ends in `.bias`. */
export function isBiasGroup({ name }: ParameterGroup): boolean {
  return name.endsWith(".bias");
}

/** An optimizer of the parameters of one store. */
export interface Optimizer {
  /** The launches of one step. They come after those that compute the gradients. */
  readonly dispatches: readonly Dispatch[];
  /**
   * Segments of state, with the layout of the parameters' segments. A checkpoint holds them and `step`, and needs no
   * more.
   */
  readonly state: readonly GPUBuffer[];
  /** Number of steps taken. It can be set, to go on from a checkpoint. */
  step: number;
  /**
   * Sets the learning rates of the step that is submitted next, and counts that step.
   *
   * @param momentum of this step: that of SGD, or the first of AdamW's betas. Default: that of the settings.
   * @throws {RangeError} if the rate of a group is missing.
   */
  prepare(rates: LearningRates, momentum?: number): void;
  /** Clears all state, as if the optimizer were new. */
  reset(): void;
  /** Frees the state. */
  dispose(): void;
}

/** Settings of SGD. The defaults are the papers'. (PyTorch's are 0 for `momentum` and `weightDecay`.) */
export interface SgdOptions {
  /** Factor on the velocity v of the step before. Default 0.9. */
  readonly momentum?: number;
  /** Every gradient g becomes g + weightDecay · w. The factor of the parameter's group is applied too. Default 5e-4. */
  readonly weightDecay?: number;
  /** Factor on the weight decay of the groups of biases. Default 1. */
  readonly biasDecay?: number;
  /** Whether Nesterov's momentum is used. Default `false`. */
  readonly nesterov?: boolean;
  /** Largest L2 norm of all gradients together. Default: gradients are not clipped. */
  readonly clipNorm?: number | undefined;
}

/** SGD with momentum: v ← momentum·v + g + weightDecay·w; w ← w − learningRate·v, as PyTorch's. */
export async function sgd(gpu: Gpu, store: ParameterStore, options: SgdOptions = {}): Promise<Optimizer> {
  const { momentum = 0.9, weightDecay = 5e-4, nesterov = false } = options;
  const clip = await openClip(gpu, store, options);
  const state = new OptimizerState(gpu, store, 1, store.groups.length * 16, clip);
  const dispatches = await Promise.all(
    store.runs().map((run) =>
      gpu.dispatch(
        { name: "optim/sgd", text: sgdShader },
        { VECTORS: run.values.size / 16, GROUP: groupIndex(store, run), NESTEROV: nesterov, CLIPS: clip !== null },
        [run.values, run.gradients, state.range(0, run), state.rates, clip?.factor ?? state.rates],
        grid(run.values.size / 16, 64),
      )
    ),
  );
  return state.optimizer(
    dispatches,
    ({ rate, group, momentum: own = momentum }) => [rate, own, weightDecay * decayOf(group, options), 0],
  );
}

/** Settings of AdamW; the defaults are PyTorch's. */
export interface AdamWOptions {
  /** Factors by which the running means of the gradients and of their squares decay. Default `[0.9, 0.999]`. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the mean square. Default 1e-8. */
  readonly epsilon?: number;
  /** Each step multiplies a weight by 1 − learningRate · weightDecay · the factor of its group. Default 0.01. */
  readonly weightDecay?: number;
  /** Factor on the weight decay of the groups of biases. Default 1. */
  readonly biasDecay?: number;
  /** Largest L2 norm of all gradients together. Default: gradients are not clipped. */
  readonly clipNorm?: number | undefined;
}

/** AdamW (Loshchilov and Hutter, ICLR 2019), as PyTorch's. */
export async function adamW(gpu: Gpu, store: ParameterStore, options: AdamWOptions = {}): Promise<Optimizer> {
  const { betas: [usualBeta, beta2] = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0.01 } = options;
  const clip = await openClip(gpu, store, options);
  const state = new OptimizerState(gpu, store, 2, store.groups.length * 32, clip);
  const dispatches = await Promise.all(
    store.runs().map((run) =>
      gpu.dispatch(
        { name: "optim/adamw", text: adamwShader },
        { VECTORS: run.values.size / 16, GROUP: groupIndex(store, run), CLIPS: clip !== null },
        [
          ...[run.values, run.gradients, state.range(0, run), state.range(1, run)],
          ...[state.rates, clip?.factor ?? state.rates],
        ],
        grid(run.values.size / 16, 64),
      )
    ),
  );
  return state.optimizer(dispatches, ({ rate, group, step, momentum: beta1 = usualBeta }) => [
    ...[rate, weightDecay * decayOf(group, options), 1 - beta1, 1 - beta2],
    ...[1 - beta1 ** step, 1 - beta2 ** step, epsilon, 0],
  ]);
}

/** Index of the learning rate of a run's group. */
function groupIndex(store: ParameterStore, run: ParameterRun): number {
  return store.groups.findIndex(({ name }) => name === run.group);
}

async function openClip(
  gpu: Gpu,
  store: ParameterStore,
  { clipNorm }: Pick<SgdOptions, "clipNorm">,
): Promise<GradientClip | null> {
  return clipNorm === undefined ? null : await GradientClip.open(gpu, store, clipNorm);
}

/** The buffers of an optimizer: `kinds` copies of the segments, and the learning rates of the step. */
class OptimizerState {
  readonly rates: GPUBuffer;
  readonly #buffers: readonly GPUBuffer[];
  readonly #segments: number;

  constructor(
    readonly gpu: Gpu,
    readonly store: ParameterStore,
    kinds: number,
    rateBytes: number,
    readonly clip: GradientClip | null,
  ) {
    this.rates = gpu.createBuffer(rateBytes, "learning rates");
    this.#segments = store.segmentBytes.length;
    this.#buffers = Array.from({ length: kinds }, () => store.segmentBytes).flat()
      .map((bytes, index) => gpu.createBuffer(bytes, `optimizer state ${index}`));
  }

  range(kind: number, run: ParameterRun) {
    const buffer = this.#buffers[kind * this.#segments + run.segment];
    if (buffer === undefined) throw new Error("The optimizer has no state for this segment");
    return { buffer, offset: run.values.offset, size: run.values.size };
  }

  optimizer(
    dispatches: readonly Dispatch[],
    valuesOf: (values: {
      readonly rate: number;
      readonly group: ParameterGroup;
      readonly step: number;
      readonly momentum: number | undefined;
    }) => readonly number[],
  ): Optimizer {
    const { gpu, store, clip, rates: rateBuffer } = this;
    const state = this.#buffers;
    return {
      dispatches: [...clip?.dispatches ?? [], ...dispatches],
      state,
      step: 0,
      prepare(rates, momentum) {
        this.step++;
        store.markChanged();
        const values = store.groups.flatMap((group) =>
          valuesOf({ rate: rateOf(rates, group), group, step: this.step, momentum })
        );
        gpu.write(rateBuffer, Float32Array.from(values));
      },
      reset() {
        this.step = 0;
        for (const buffer of state) gpu.write(buffer, new Uint8Array(buffer.size));
      },
      dispose() {
        for (const buffer of [...state, rateBuffer]) gpu.destroyBuffer(buffer);
        clip?.dispose();
      },
    };
  }
}

/** The factor on the weight decay of a group. */
function decayOf(group: ParameterGroup, { biasDecay = 1 }: { readonly biasDecay?: number }): number {
  return (group.decay ?? 1) * (isBiasGroup(group) ? biasDecay : 1);
}

function rateOf(rates: LearningRates, { name }: ParameterGroup): number {
  const rate = rates[name];
  if (rate === undefined) throw new RangeError(`Cannot step: there is no learning rate for the group "${name}"`);
  return rate;
}
