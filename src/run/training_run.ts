/**
 * What a run that trains consists of, whatever it trains for: the network, its optimizer, the compiled step, checkpoints
 * and progress. `train` uses it once, `adapt` once per round.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import type { Loader } from "../data/loader.ts";
import type { Size } from "../data/size.ts";
import type { Network } from "../nn/network.ts";
import type { ParameterStore } from "../nn/parameters.ts";
import { adamW, type Optimizer, sgd } from "../optim/optimizer.ts";
import type { Progress } from "../report/progress.ts";
import { type TrainingStage, trainStage } from "../selftraining/stage.ts";
import { Trainer, type TrainerOptions } from "../selftraining/trainer.ts";
import { loadCheckpoint, type RunPlace, saveCheckpoint } from "./checkpoint.ts";
import type { Profile } from "./profile.ts";
import type { RunFolder } from "./run_folder.ts";
import type { Settings } from "../settings/settings.ts";

/** A checkpoint is written at least this often, in milliseconds. */
const checkpointInterval = 60_000;

/** Everything that the stages of a run share. */
export interface RunContext {
  readonly gpu: Gpu;
  readonly settings: Settings;
  readonly folder: RunFolder;
  readonly network: Network;
  readonly loader: Loader;
  readonly progress: Progress;
  readonly profile: Profile;
  /** Working size of the images. */
  readonly size: Size;
  /** Size of a crop in training. */
  readonly crop: Size;
  /** Given by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** The training side of a run. */
export class TrainingRun {
  #place: RunPlace | null;

  private constructor(
    readonly context: RunContext,
    readonly optimizer: Optimizer,
    readonly trainer: Trainer,
    place: RunPlace | null,
  ) {
    this.#place = place;
  }

  /** Compiles the step and, when resuming, puts the last checkpoint back. */
  static async open(context: RunContext, resume: boolean): Promise<TrainingRun> {
    const { gpu, settings, network, folder } = context;
    const optimizer = await openOptimizer(gpu, network.store, settings);
    const trainer = await Trainer.open(gpu, network, optimizer, trainerOptions(context));
    const place = resume ? loadCheckpoint(checkpointPath(folder), gpu, network, optimizer) : null;
    if (place !== null) folder.truncateMetrics(place.stage, place.step);
    return new TrainingRun(context, optimizer, trainer, place);
  }

  /** Runs a stage, or what is left of it. A new stage starts with a new optimizer. */
  async train(stage: Omit<TrainingStage, "augmentation" | "size" | "batch" | "seed">): Promise<void> {
    const { folder, settings, size, crop, progress, loader, signal } = this.context;
    if (folder.isDone(`train ${stage.name}`)) return;
    const from = this.#place?.stage === stage.name ? this.#place.step : 0;
    if (from === 0) this.optimizer.reset();
    const batch = cropsPerStep(settings);
    const bar = progress.stage(`${stage.name}: training`, stage.steps, { unit: "images", perStep: batch });
    let saved = performance.now();
    await folder.once(`train ${stage.name}`, async () => {
      const start = performance.now();
      await trainStage(this.trainer, this.optimizer, loader, {
        ...stage,
        seed: settings.get("seed"),
        size,
        batch,
        augmentation: augmentationOf(settings, crop),
      }, {
        from,
        signal,
        onLosses: (losses) => {
          for (const { step, loss } of losses) folder.log({ stage: stage.name, step, loss });
          const last = losses.at(-1);
          if (last !== undefined) bar.update(last.step + 1, { loss: last.loss });
        },
        checkpointDue: () => performance.now() - saved > checkpointInterval,
        checkpoint: async (step) => {
          await this.#checkpoint({ stage: stage.name, step });
          saved = performance.now();
        },
      });
      return { seconds: (performance.now() - start) / 1000 };
    });
    bar.end();
  }

  /** Frees the program and the optimizer's state. */
  dispose(): void {
    this.trainer.dispose();
    this.optimizer.dispose();
  }

  async #checkpoint(place: RunPlace): Promise<void> {
    const { gpu, network, folder } = this.context;
    await saveCheckpoint(checkpointPath(folder), gpu, network, this.optimizer, place);
    this.#place = place;
  }
}

/** The optimizer of the settings. */
export function openOptimizer(gpu: Gpu, store: ParameterStore, settings: Settings): Promise<Optimizer> {
  const weightDecay = settings.get("weight-decay");
  const clipNorm = settings.get("clip-norm");
  if (settings.get("optimizer") === "adamw") {
    return adamW(gpu, store, { betas: settings.get("betas"), weightDecay, clipNorm });
  }
  return sgd(gpu, store, {
    momentum: settings.get("momentum"),
    nesterov: settings.get("nesterov"),
    weightDecay,
    clipNorm,
  });
}

/** Crops of a step, over all its micro-batches. */
export function cropsPerStep(settings: Settings): number {
  return settings.get("batch") * settings.get("accumulate");
}

/** Sizes of the training step. */
export function trainerOptions(
  { settings, size, crop }: Pick<RunContext, "settings" | "size" | "crop">,
): TrainerOptions {
  return {
    batch: settings.get("batch"),
    accumulate: settings.get("accumulate"),
    recompute: settings.get("recompute"),
    halfActivations: settings.get("half-activations"),
    crop,
    size,
  };
}

function checkpointPath(folder: RunFolder): string {
  return folder.file("checkpoint.safetensors");
}

function augmentationOf(settings: Settings, crop: Size): TrainingStage["augmentation"] {
  const strength = settings.get("jitter");
  return {
    crop,
    scaleRange: settings.get("scale-range"),
    mirror: settings.get("mirror"),
    jitter: { brightness: strength, contrast: strength, saturation: strength },
  };
}
