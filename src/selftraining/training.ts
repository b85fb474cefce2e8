/**
 * Training stages of a run that can be stopped. A stage goes on from its last checkpoint, and a finished stage is
 * skipped.
 *
 * @module
 */

import type { RunShapes } from "../data/shapes.ts";
import type { SampleSource } from "../data/sample.ts";
import { checkpointBytes, restoreCheckpoint, type RunPlace } from "./checkpoint.ts";
import type { CollapseWarning } from "./collapse.ts";
import { trainedForm } from "./kept.ts";
import { type Activity, type Progress, silent } from "./progress.ts";
import { type TrainingStage, trainStage } from "./stage.ts";
import type { RunStore } from "./store.ts";
import type { Trainer } from "./trainer.ts";

/** A checkpoint is written at least this often. */
const everyMinute: CheckpointRule = { due: (milliseconds) => milliseconds > 60_000 };
/** Name of the checkpoint. */
const checkpointName = "checkpoint.safetensors";

/** When checkpoints are written, and what follows. */
export interface CheckpointRule {
  /** Asked between steps whether one is to be written, with the milliseconds since the last. */
  readonly due: (milliseconds: number) => boolean;
  /** Awaited after each checkpoint. A run can rest here for any time. Default: it goes on at once. */
  readonly written?: () => Promise<void>;
}

/** What all stages of a run share. */
export interface RunParts<Item> {
  /** The network and its compiled step. The size of the crops is the trainer's. */
  readonly trainer: Trainer;
  /** At which sizes images are worked on. Default: all at exactly the size for which the trainer has room. */
  readonly shapes?: RunShapes;
  /** Where images come from. */
  readonly samples: SampleSource<Item>;
  /** What the run remembers. */
  readonly store: RunStore<Item>;
  /** Where the run reports what it does. Default: nowhere. */
  readonly progress?: Progress;
  /** Called when the run begins to do something else. */
  readonly onActivity?: (activity: Activity) => void;
  /** Called after a round's labelling for each class that goes wrong. Default: `progress` shows a warning. */
  readonly onCollapse?: (warning: CollapseWarning) => void;
  /**
   * Called when the network is as a round leaves it, or with 0 as it is before the first. It does not change until this is
   * done. A run that goes on does not call it again for networks that it has trained on since.
   */
  readonly onNetwork?: (round: number) => Promise<void>;
  /** Called when the pseudo-labels of a round are kept, also where an earlier start chose them. */
  readonly onLabels?: (round: number) => Promise<void>;
  /** When checkpoints are written. Default: one a minute, and at the end of a stage. */
  readonly checkpoints?: CheckpointRule;
  /** Stops the run: a training stage after it has written a checkpoint, other stages at once. */
  readonly signal?: AbortSignal;
}

/** The training stages of a run, one after the other. */
export class Training<Item> {
  #place: RunPlace | null;

  private constructor(readonly parts: RunParts<Item>, place: RunPlace | null) {
    this.#place = place;
  }

  /**
   * Begins a run. If the store remembers one, goes on with it from its last checkpoint.
   *
   * @param stages the names of all training stages of the run, in their order.
   * @throws {Error} if the checkpoint is damaged, belongs to another run, network or optimizer, or is not that of the
   * last finished stage or of the one after it.
   */
  static async open<Item>(parts: RunParts<Item>, stages: readonly string[]): Promise<Training<Item>> {
    const { trainer, store } = parts;
    const bytes = await store.read(checkpointName);
    const { gpu, network, optimizer } = trainer;
    const name = store.describe(checkpointName);
    const place = bytes === null ? null : await restoreCheckpoint(bytes, name, gpu, network, optimizer, store.run);
    requirePlace(place, stages, store);
    if (place !== null) await store.truncateLog(place.stage, place.step);
    return new Training(parts, place);
  }

  /** Whether the network is as this training left it, or as it was before the first: `null`. */
  isAfter(stage: string | null): boolean {
    return (this.#place?.stage ?? null) === stage;
  }

  /**
   * Runs a stage, or what is left of it. A new stage starts with a new optimizer.
   *
   * @throws {InterruptedError} after a checkpoint, when the signal is given.
   */
  async train(stage: TrainingStage<Item>): Promise<void> {
    await this.parts.store.once(keptName(stage.name), trainedForm, async () => {
      const start = performance.now();
      await this.#run(stage);
      return { seconds: (performance.now() - start) / 1000, steps: stage.steps };
    });
  }

  async #run(stage: TrainingStage<Item>): Promise<void> {
    const { trainer, shapes, samples, store, progress = silent, checkpoints = everyMinute, signal } = this.parts;
    const from = this.#place?.stage === stage.name ? this.#place.step : 0;
    if (from === 0) {
      trainer.optimizer.reset();
      // A program that was killed before the first checkpoint of the stage has logged steps of it.
      await store.truncateLog(stage.name, 0);
    }
    const bar = progress.stage(`${stage.name}: training`, stage.steps, { unit: "images", perStep: trainer.crops });
    let saved = performance.now();
    await trainStage(trainer, samples, stage, {
      from,
      size: shapes?.size,
      signal,
      onLosses: async (losses) => {
        for (const { step, loss } of losses) await store.log({ stage: stage.name, step, loss });
        const last = losses.at(-1);
        if (last !== undefined) bar.update(last.step + 1, { loss: last.loss });
      },
      checkpointDue: () => checkpoints.due(performance.now() - saved),
      checkpoint: async (step) => {
        await this.#checkpoint({ stage: stage.name, step });
        await checkpoints.written?.();
        saved = performance.now();
      },
    });
    bar.end();
  }

  async #checkpoint(place: RunPlace): Promise<void> {
    const { trainer: { gpu, network, optimizer }, store } = this.parts;
    await store.write(checkpointName, await checkpointBytes(gpu, network, optimizer, place, store.run));
    this.#place = place;
  }
}

/** The name of a training stage among the results that a store keeps. */
function keptName(stage: string): string {
  return `train ${stage}`;
}

/**
 * Makes sure that a checkpoint is of the last finished training stage or of the one after it. Else the network would not
 * be the one that the finished stages led to.
 *
 * @param place where the checkpoint was written; `null` if there is none.
 */
function requirePlace(
  place: RunPlace | null,
  stages: readonly string[],
  store: Pick<RunStore<unknown>, "kept" | "describe">,
): void {
  const results = stages.map((stage) => store.kept(keptName(stage), trainedForm));
  const firstOpen = results.indexOf(undefined);
  const finished = firstOpen < 0 ? stages.length : firstOpen;
  const [last, next] = [stages[finished - 1], stages[finished]];
  const file = store.describe(checkpointName);
  if (place === null) {
    if (last === undefined) return;
    throw new Error(
      `Cannot go on with the run: ${file} is missing, and with it the network after the training "${last}". ` +
        "Put the file back, or start the run anew in another place",
    );
  }
  const steps = results[finished - 1]?.steps;
  if (place.stage === next) return;
  if (place.stage === last && (steps === undefined || steps === place.step)) return;
  const expected = last === undefined
    ? "no training is finished"
    : `the training "${last}" is the last that is finished${steps === undefined ? "" : `, with ${steps} steps`}`;
  throw new Error(
    `Cannot go on with the run: ${file} was written after step ${place.step} of "${place.stage}", but ${expected}. ` +
      "Put back the files that belong together, or start the run anew in another place",
  );
}
