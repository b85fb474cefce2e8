/**
 * Optimizers: what is done to the parameters after their gradients are known. Each is one launch per run of
 * parameters, so it can be the epilogue of a training program.
 *
 * @module
 */

import adamwShader from "../../shaders/optim/adamw.wgsl" with { type: "text" };
import sgdShader from "../../shaders/optim/sgd.wgsl" with { type: "text" };
import type { Gpu } from "../gpu/gpu.ts";
import { type Dispatch, grid } from "../gpu/launch.ts";
import { GradientClip } from "./gradient_clip.ts";
import type { ParameterGroup, ParameterRun, ParameterStore } from "../nn/parameters.ts";

/** Learning rate of each parameter group for one step. */
export type LearningRates = Readonly<Record<ParameterGroup, number>>;

/** An optimizer of the parameters of one store. */
export interface Optimizer {
  /** The launches of one step, to be put after those that compute the gradients. */
  readonly dispatches: readonly Dispatch[];
  /** Segments of state, laid out as the parameters; with `step` all that must be saved to go on. */
  readonly state: readonly GPUBuffer[];
  /** Steps taken. Settable, to go on from a checkpoint. */
  step: number;
  /** Sets the rates of the step that is submitted next, and counts it. */
  prepare(rates: LearningRates): void;
  /** Forgets all state, as a new optimizer would. */
  reset(): void;
  /** Frees the state. */
  dispose(): void;
}

/** Settings of SGD; the defaults are the papers' (PyTorch's are 0 for both numbers). */
export interface SgdOptions {
  /** Default 0.9. */
  readonly momentum?: number;
  /** Added to every gradient as weightDecay · w. Default 5e-4. */
  readonly weightDecay?: number;
  /** Default `false`. */
  readonly nesterov?: boolean;
  /** L2 norm of all gradients together, at most. Default: they are not clipped. */
  readonly clipNorm?: number | undefined;
}

const groups: readonly ParameterGroup[] = ["backbone", "head"];

/** SGD with momentum: v ← momentum·v + g + weightDecay·w; w ← w − learningRate·v, as PyTorch's. */
export async function sgd(gpu: Gpu, store: ParameterStore, options: SgdOptions = {}): Promise<Optimizer> {
  const { momentum = 0.9, weightDecay = 5e-4, nesterov = false } = options;
  const clip = await openClip(gpu, store, options);
  const state = new OptimizerState(gpu, store, 1, groups.length * 16, clip);
  const dispatches = await Promise.all(
    store.runs().map((run) =>
      gpu.dispatch(
        { name: "optim/sgd", text: sgdShader },
        { VECTORS: run.values.size / 16, GROUP: groups.indexOf(run.group), NESTEROV: nesterov, CLIPS: clip !== null },
        [run.values, run.gradients, state.range(0, run), state.rates, clip?.factor ?? state.rates],
        grid(run.values.size / 16, 64),
      )
    ),
  );
  return state.optimizer(dispatches, (rates) => groups.flatMap((group) => [rates[group], momentum, weightDecay, 0]));
}

/** Settings of AdamW; the defaults are PyTorch's. */
export interface AdamWOptions {
  /** Decay of the means of gradients and of squared gradients. Default `[0.9, 0.999]`. */
  readonly betas?: readonly [number, number];
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Default 0.01. */
  readonly weightDecay?: number;
  /** L2 norm of all gradients together, at most. Default: they are not clipped. */
  readonly clipNorm?: number | undefined;
}

/** AdamW (Loshchilov and Hutter, ICLR 2019), as PyTorch's. */
export async function adamW(gpu: Gpu, store: ParameterStore, options: AdamWOptions = {}): Promise<Optimizer> {
  const { betas: [beta1, beta2] = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0.01 } = options;
  const clip = await openClip(gpu, store, options);
  const state = new OptimizerState(gpu, store, 2, groups.length * 32, clip);
  const dispatches = await Promise.all(
    store.runs().map((run) =>
      gpu.dispatch(
        { name: "optim/adamw", text: adamwShader },
        { VECTORS: run.values.size / 16, GROUP: groups.indexOf(run.group), CLIPS: clip !== null },
        [
          ...[run.values, run.gradients, state.range(0, run), state.range(1, run)],
          ...[state.rates, clip?.factor ?? state.rates],
        ],
        grid(run.values.size / 16, 64),
      )
    ),
  );
  return state.optimizer(dispatches, (rates, step) =>
    groups.flatMap((group) => [
      ...[rates[group], weightDecay, 1 - beta1, 1 - beta2],
      ...[1 - beta1 ** step, 1 - beta2 ** step, epsilon, 0],
    ]));
}

async function openClip(
  gpu: Gpu,
  store: ParameterStore,
  { clipNorm }: Pick<SgdOptions, "clipNorm">,
): Promise<GradientClip | null> {
  return clipNorm === undefined ? null : await GradientClip.open(gpu, store, clipNorm);
}

/** Buffers that optimizers keep: `kinds` copies of the segments, and the rates of the step. */
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
    rateValues: (rates: LearningRates, step: number) => readonly number[],
  ): Optimizer {
    const { gpu, store, clip, rates: rateBuffer } = this;
    const state = this.#buffers;
    return {
      dispatches: [...clip?.dispatches ?? [], ...dispatches],
      state,
      step: 0,
      prepare(rates) {
        this.step++;
        store.markChanged();
        gpu.write(rateBuffer, Float32Array.from(rateValues(rates, this.step)));
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
