/**
 * A whole adaptation run in its folder: source training (or a finished source network), the rounds of self-training, and
 * the scores before and after. Every stage's result is kept, so a resumed run does what is left and ends with the same bytes.
 *
 * @module
 */

import type { Dataset, Split } from "../data/dataset.ts";
import type { Item } from "../data/sample.ts";
import { scoreConfusion } from "../metrics/confusion.ts";
import { groupRates, type LearningRates } from "../optim/optimizer.ts";
import { type Schedule, scheduleFactor } from "../optim/schedule.ts";
import { adapt, type AdaptationSettings, type RoundPlan } from "../selftraining/adapt.ts";
import { type CollapseWarning, collapseWarnings } from "../selftraining/collapse.ts";
import { evaluate } from "../selftraining/evaluation.ts";
import { announce } from "./announce.ts";
import { writeFileSafely } from "../disk/files.ts";
import { type LabellingResult, labelTarget, pseudoLabelItems } from "./labelling.ts";
import type { ProfileStage } from "./profile.ts";
import { cropsPerStep, type RunContext, TrainingRun } from "./training_run.ts";
import { type Settings, viewOptions } from "../settings/settings.ts";

/** Scores of a network on the evaluation split. */
export interface SplitScores {
  readonly miou: number | null;
  readonly iou: Readonly<Record<string, number | null>>;
  readonly pixelAccuracy: number | null;
  readonly images: number;
}

/** What `result.json` says. Fractions of 1; `null` where nothing could be scored. */
export interface AdaptationResult {
  readonly sourceOnly: SplitScores | null;
  readonly rounds: readonly (SplitScores | null)[];
  readonly adapted: SplitScores | null;
  readonly seconds: Readonly<Record<string, number>>;
}

/** The images of a run. */
export interface AdaptationData {
  readonly source: Dataset;
  readonly sourceSplit: Split;
  readonly target: Dataset;
  readonly targetSplit: Split;
  /** Labelled target images to score on; `null` where there are none. */
  readonly evaluationSplit: Split | null;
}

/** Runs the adaptation to its end and writes the results. */
export async function runAdaptation(
  context: RunContext,
  data: AdaptationData,
  options: {
    readonly resume: boolean;
    readonly trainSource: boolean;
    /** Told after a round of a class that goes wrong. */
    readonly onCollapse: (warning: CollapseWarning) => void;
  },
): Promise<AdaptationResult> {
  const { settings, folder, network, profile } = context;
  const training = await TrainingRun.open(context, options.resume);
  await announce(context, data, training, { trainSource: options.trainSource, adapts: true });
  const seconds: Record<string, number> = {};
  const timed = async <T>(stage: string, part: ProfileStage, compute: () => Promise<T>): Promise<T> => {
    profile.enter(part);
    const { value, time } = await folder.once(stage, async () => {
      const start = performance.now();
      return { value: await compute(), time: (performance.now() - start) / 1000 };
    });
    profile.enter("other");
    seconds[stage] = time;
    return value;
  };
  const score = (stage: string) => timed(stage, "evaluation", () => scoreNetwork(context, data.evaluationSplit, stage));

  if (options.trainSource) {
    await timed("source: training", "source training", () => trainSource(training, data.sourceSplit.items));
  }
  const sourceOnly = await score("source: evaluation");
  if (!folder.isDone("source weights")) {
    await folder.once("source weights", async () => {
      writeFileSafely(folder.file("source.safetensors"), await network.save());
      return true;
    });
  }

  const rounds: (SplitScores | null)[] = [];
  const predicted: (readonly number[])[] = [];
  await adapt(adaptationSettings(settings), {
    source: data.sourceSplit.items.length,
    target: data.targetSplit.items.length,
  }, {
    label: async (round, portion) => {
      const result: LabellingResult = await timed(
        `round ${round}: labelling`,
        "labelling",
        () => labelTarget(context, data, round, portion),
      );
      predicted.push(result.n_pixels);
      for (const warning of collapseWarnings(predicted, network.metadata.classes)) options.onCollapse(warning);
      return { mine: result.mine };
    },
    train: (plan) => timed(`round ${plan.round}: training`, "training", () => trainRound(training, data, plan)),
    evaluate: async (round) => {
      rounds.push(await score(`round ${round}: evaluation`));
    },
  });
  const result = { sourceOnly, rounds, adapted: rounds.at(-1) ?? null, seconds };
  writeFileSafely(folder.file("weights.safetensors"), await network.save());
  folder.writeJson("result.json", result);
  training.dispose();
  return result;
}

/** Source training by its schedule. */
export async function trainSource(training: TrainingRun, items: readonly Item[]): Promise<void> {
  const { settings } = training.context;
  const steps = settings.get("source-steps");
  const schedule = sourceSchedule(settings);
  const rate = settings.get("source-rate");
  await training.train({
    name: "source",
    items: items.map((_, index) => ({ domain: "source", index })),
    files: { source: items, target: [] },
    mining: {},
    steps,
    rates: (step) => ratesOf(training.context, rate * scheduleFactor(schedule, step)),
  });
}

/** The schedule of the source training. */
export function sourceSchedule(settings: Settings): Schedule {
  const steps = settings.get("source-steps");
  return {
    kind: settings.get("schedule"),
    power: settings.get("power"),
    total: settings.get("schedule-steps") ?? steps,
    gamma: settings.get("gamma"),
    every: settings.get("every") ?? Math.max(1, Math.ceil(steps / 3)),
    warmUp: settings.get("warm-up"),
  };
}

async function trainRound(training: TrainingRun, data: AdaptationData, plan: RoundPlan): Promise<void> {
  const { folder } = training.context;
  await training.train({
    name: `round ${plan.round}`,
    items: plan.items,
    files: {
      source: data.sourceSplit.items,
      target: pseudoLabelItems(folder, plan.round, data.targetSplit.items, training.context.network.classCount),
    },
    mining: plan.mining,
    steps: plan.steps,
    rates: () => ratesOf(training.context, plan.learningRate),
  });
}

function ratesOf({ network, settings }: RunContext, rate: number): LearningRates {
  return groupRates(network.store.groups, rate, settings.get("head-rate"));
}

/** Scores the network as it is, or `null` without an evaluation split. */
export async function scoreNetwork(
  context: RunContext,
  split: Split | null,
  stage: string,
): Promise<SplitScores | null> {
  if (split === null) return null;
  const { gpu, network, loader, settings, progress, size, signal, folder } = context;
  const bar = progress.stage(stage, split.items.length, { unit: "images", perStep: 1 });
  const confusion = await evaluate(gpu, network, loader, split.items, {
    size,
    batch: settings.get("label-batch"),
    views: viewOptions(settings),
    signal,
    onProgress: (images) => bar.update(images),
  });
  bar.end();
  const { miou, iou, pixelAccuracy } = scoreConfusion(confusion, { absent: settings.get("absent") });
  const byClass = Object.fromEntries(network.metadata.classes.map((name, id) => [name, iou[id] ?? null]));
  folder.log({ stage, miou, pixelAccuracy });
  return { miou, iou: byClass, pixelAccuracy, images: split.items.length };
}

/** The method's settings from the options. */
export function adaptationSettings(settings: Settings): AdaptationSettings {
  const schedule = (domain: "source" | "target") => ({
    initial: settings.get(`${domain}-portion`),
    step: settings.get(`${domain}-portion-step`),
    maximum: settings.get(`${domain}-portion-max`),
  });
  const sourceImages = settings.get("source-images");
  const targetImages = settings.get("target-images");
  const mining = settings.get("mining");
  return {
    seed: settings.get("seed"),
    rounds: settings.get("rounds"),
    epochs: settings.get("epochs"),
    batch: cropsPerStep(settings),
    targetPortion: schedule("target"),
    sourcePortion: sourceImages === undefined ? schedule("source") : { images: sourceImages },
    ...(targetImages === undefined ? {} : { targetImages }),
    sourceChoice: settings.get("source-choice"),
    portionRule: settings.get("rule"),
    learningRates: settings.get("learning-rate"),
    rateDecay: settings.get("rate-decay"),
    ...(mining === "off" ? {} : {
      mining: {
        rule: mining,
        domains: settings.get("mining-domains"),
        chance: settings.get("mining-chance"),
      },
    }),
    control: settings.get("control"),
  };
}
