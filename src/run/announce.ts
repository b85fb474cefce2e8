/**
 * What a run says before it starts: what it will do, how long that takes on this adapter, and how much memory it needs.
 *
 * @module
 */

import { bytesText, timeText } from "../report/units.ts";
import { planRounds, type RoundSettings } from "../selftraining/rounds.ts";
import type { Trainer } from "../selftraining/trainer.ts";
import { viewPixels } from "../selftraining/views.ts";
import { recipeName } from "../settings/built_in_recipes.ts";
import { type Settings, testViewOptions, viewOptions } from "../settings/settings.ts";
import type { RunContext, RunData } from "./context.ts";
import { peakOf } from "./memory_plan.ts";
import { memoryStages } from "./memory_report.ts";
import { meanPixels, pixelsOf, shapesText } from "../settings/working_sizes.ts";

/** What a run will do. */
export interface PlannedWork {
  /** Steps of the source training. */
  readonly sourceSteps: number;
  /** The rounds that follow; `null` where the run only trains on the source. */
  readonly rounds: RoundSettings | null;
}

/** Says what the run will do and how long it takes, which it measures. */
export async function announce(
  context: RunContext,
  data: RunData,
  trainer: Trainer,
  work: PlannedWork,
): Promise<void> {
  const { gpu, network, settings, shapes, crop, progress, folder } = context;
  const { sourceSteps } = work;
  const { rounds, roundSteps, labelled, scored } = countRounds(work.rounds, data, trainer);
  const batchTime = await batchSeconds(trainer);
  // A training step takes as long as three forward passes. A forward pass takes time in proportion to the image's
  // pixels.
  const { target, evaluation } = data.inspected;
  const imagePixels = meanPixels([...target.sizes, ...evaluation?.sizes ?? []], shapes, network.model);
  const imageSeconds = batchTime / 3 / trainer.options.batch * imagePixels / pixelsOf(crop);
  const images = labelled * viewPixels(viewOptions(settings)) + scored * viewPixels(testViewOptions(settings));
  const seconds = (sourceSteps + roundSteps) * trainer.accumulate * batchTime + images * imageSeconds;
  const { bytes } = peakOf(memoryStages(context, data, work.rounds !== null));
  progress.line(
    `${network.model.name} with ${network.classCount} classes at ${shapesText(shapes)} on ${
      gpu.info.description || gpu.info.vendor
    }`,
  );
  const takesScans = network.model.takes.scans !== undefined;
  const of = work.rounds === null
    ? { source: data.sourceSplit.items.length }
    : { source: data.sourceSplit.items.length, target: data.targetSplit.items.length };
  progress.line(workText(of, { sourceSteps, rounds, roundSteps }, takesScans));
  for (const line of recipeTexts(settings, work, takesScans)) progress.line(line);
  progress.line(
    `about ${timeText(seconds)} here, up to ${bytesText(bytes)} of GPU memory; results go to ${folder.path}`,
  );
}

/**
 * What a run does, in a line.
 *
 * @param of how many source images there are, and how many target images where the run adapts to them.
 * @param takesScans whether they are LiDAR scans. Default `false`.
 */
export function workText(
  of: { readonly source: number; readonly target?: number },
  steps: { readonly sourceSteps: number; readonly rounds: number; readonly roundSteps: number },
  takesScans = false,
): string {
  const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  const image = takesScans ? "scan" : "image";
  const images = of.target === undefined
    ? counted(of.source, `source ${image}`)
    : `${of.source} source and ${counted(of.target, `target ${image}`)}`;
  const stages = [
    ...(steps.sourceSteps > 0 ? [`${counted(steps.sourceSteps, "step")} of source training`] : []),
    ...(steps.rounds > 0
      ? [`${counted(steps.rounds, "round")} of self-training (${counted(steps.roundSteps, "step")})`]
      : []),
  ];
  return `${images}: ${stages.join(", then ")}`;
}

/**
 * Which recipe the run follows, and what to change in it for more speed or for better labels.
 *
 * @param takesScans whether the run is on LiDAR scans, which have views of one scale only. Default `false`.
 */
export function recipeTexts(
  settings: Settings,
  { sourceSteps, rounds }: PlannedWork,
  takesScans = false,
): string[] {
  const name = recipeName(settings.toJSON());
  if (rounds === null) {
    return [
      `recipe: ${name}`,
      `faster: --source-steps ${Math.ceil(sourceSteps / 2)}; better: --source-steps ${sourceSteps * 2}`,
    ];
  }
  return [
    `recipe: ${name}`,
    `faster: ${fasterText(settings, rounds)}; better: --epochs ${rounds.epochs * 2} (twice the steps), ` +
    (takesScans ? "or --flip (labels from two views)" : "or --flip --scales 0.75,1,1.25 (labels from six views)"),
  ];
}

/** Options that halve the training of the rounds. */
function fasterText(settings: Settings, { epochs, sourcePortion, targetImages }: RoundSettings): string {
  if (epochs > 1) return `--epochs ${Math.floor(epochs / 2)}`;
  if (targetImages === undefined || !("images" in sourcePortion)) {
    return settings.get("rounds") > 1 ? `--rounds ${Math.ceil(settings.get("rounds") / 2)}` : "--target-images 120";
  }
  return `--source-images ${Math.ceil(sourcePortion.images / 2)} --target-images ${Math.ceil(targetImages / 2)}`;
}

/**
 * Counts the rounds, the training steps of all rounds, the images that are labelled in them, and those that are scored
 * before and after them.
 */
function countRounds(settings: RoundSettings | null, data: RunData, trainer: Trainer) {
  const images = { source: data.sourceSplit.items.length, target: data.targetSplit.items.length };
  const plans = settings === null ? [] : planRounds(settings, images, trainer.crops);
  return {
    rounds: plans.length,
    roundSteps: plans.reduce((sum, { steps }) => sum + steps, 0),
    labelled: settings?.control === true ? 0 : plans.length * images.target,
    scored: (data.evaluationSplit?.items.length ?? 0) * (plans.length + 1),
  };
}

/** The seconds that a micro-batch takes, measured by running the compiled program on black images. */
async function batchSeconds({ gpu, program }: Trainer): Promise<number> {
  program.run();
  await gpu.wait();
  const start = performance.now();
  program.run();
  await gpu.wait();
  return (performance.now() - start) / 1000;
}
