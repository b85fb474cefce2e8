/**
 * Class-balanced self-training (Zou et al., ECCV 2018): the loop.
 *
 * The network is first trained on the source. Then come the rounds. A round first labels the target images with the
 * network as it is: the same portion of every class's most confident pixels becomes pseudo-labels. It then trains the
 * network on these pseudo-labels, mixed with source images.
 *
 * Images come from a `SampleSource`. What the run must remember is kept by a `RunStore`, the result of every stage
 * among it. So a run that was stopped and is started again does only what is left, and it ends with the same bytes.
 *
 * @module
 */

import { type Domain, minedDomains, type MiningClasses, type MiningPlan } from "../data/mining.ts";
import { isExact } from "../data/size.ts";
import type { SampleSource } from "../data/sample.ts";
import { ReasonedError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Network } from "../nn/network.ts";
import type { AdaptationImages, AdaptationResult, AdaptationSettings, SourceTraining } from "./adaptation.ts";
import { collapseText, collapseWarnings } from "./collapse.ts";
import { scoreSplit, type SplitScores } from "./evaluation.ts";
import { defaultShapes } from "./inference.ts";
import { doneForm, type KeptForm, timedForm, voidForm } from "./kept.ts";
import { labellingForm, scoresForm } from "./kept_results.ts";
import { type LabellingResult, labelTarget } from "./labelling.ts";
import { type Activity, silent } from "./progress.ts";
import { planRounds, type RoundPlan } from "./rounds.ts";
import { agreementForm, RoundJudge, roundWeights } from "./round_judge.ts";
import { agreementOf } from "./mirror_agreement.ts";
import { scanPrior, type ScanPriorOptions } from "./scan_prior.ts";
import { givenPrior, priorFile, spatialPrior } from "./spatial_prior.ts";
import type { TrainingStage } from "./stage.ts";
import { jsonText, type RunStore } from "./store.ts";
import { type RunParts, Training } from "./training.ts";

/**
 * Runs the adaptation, or what is left of it. In the end the store holds `source.safetensors` (the network before the
 * first round), `weights.safetensors` (the adapted network), `result.json`, and for each round
 * `rounds/<round>/thresholds.json` and `rounds/<round>/weights.safetensors`. With a spatial prior it also holds
 * `spatial-prior.npy`, `[C, H, W]`.
 *
 * @throws {InterruptedError} after a checkpoint, when the signal is given.
 */
export async function adapt<Item>(
  parts: RunParts<Item>,
  images: AdaptationImages<Item>,
  settings: AdaptationSettings,
): Promise<AdaptationResult> {
  const { store, trainer, progress = silent } = parts;
  const { onCollapse = (warning) => progress.warn(collapseText(warning)) } = parts;
  const { network } = trainer;
  if (settings.selection.policy === "lrent" && network.model.takes.scans !== undefined) {
    throw new ReasonedError(
      "Cannot adapt to LiDAR scans with soft labels: points have hard labels",
      "soft labels of scans",
    );
  }
  if (settings.selection.policy === "lrent" && trainer.options.labels !== "compact") {
    throw new RangeError('Cannot adapt with soft labels: the trainer was not opened with `labels: "compact"`');
  }
  const counts = { source: images.source.length, target: images.target.length };
  const { start } = settings;
  const first = start?.round ?? 0;
  const plans = planRounds(settings, counts, trainer.crops).slice(first);
  const trainings = [
    ...(settings.sourceTraining === null ? [] : ["source"]),
    ...plans.map(({ round }) => roundName(round)),
  ];
  const training = await Training.open(parts, trainings);
  const stages = new TimedStages(store, parts.onActivity);
  const score = (stage: string) =>
    stages.run(stage, scoresForm, "evaluation", () => scoreSplit(parts, stage, images.evaluation, settings));

  const { sourceTraining } = settings;
  if (sourceTraining !== null) {
    await stages.run(
      "source: training",
      voidForm,
      "source training",
      () => training.train(sourceStage(images.source, sourceTraining, settings)),
    );
  }
  // Weights are written before they are scored, so that a failure there does not lose them.
  await store.once("source weights", doneForm, async () => {
    await store.write("source.safetensors", await network.save());
    return true as const;
  });
  const before = await score("source: evaluation");
  const judge = new RoundJudge(first, async (stage, after) => {
    // An earlier version did not look at it, and the network has been trained on since.
    if (!training.isAfter(after) && store.kept(stage, timedForm(agreementForm)) === undefined) return null;
    return await stages.run(
      stage,
      agreementForm,
      "evaluation",
      () => agreementOf(parts, stage, images.target, settings.scoringBatch),
    );
  });
  const look = async (after: string | null, round: number) => {
    await judge.look(`${round === first ? "source" : after}: agreement`, after);
    if (training.isAfter(after)) await parts.onNetwork?.(round);
  };
  await look(sourceTraining === null ? null : "source", first);

  const sourceOnly = start === undefined || first === 0 ? before : start.sourceOnly;
  const rounds: (SplitScores | null)[] = start === undefined || first === 0
    ? []
    : [...Array.from({ length: first - 1 }, (_, index) => start.rounds[index] ?? null), before];
  const predicted: (readonly number[])[] = [];
  let stopped: string | null = null;
  for (const plan of plans) {
    const name = roundName(plan.round);
    let mining: TrainingStage<Item>["mining"] = {};
    if (settings.control !== true) {
      const labelling = await stages.run(
        `${name}: labelling`,
        labellingForm,
        "labelling",
        () => labelRound(parts, images, plan, settings),
      );
      await parts.onLabels?.(plan.round);
      predicted.push(labelling.n_pixels);
      const warnings = collapseWarnings(predicted, network.metadata.classes, first + 1);
      for (const warning of warnings) onCollapse(warning);
      const [collapse] = warnings;
      if (settings.stopEarly === true && collapse !== undefined) {
        stopped = collapseText(collapse);
        break;
      }
      mining = miningPlans(settings, labelling.mine);
    }
    await stages.run(`${name}: training`, voidForm, "training", async () => {
      await training.train(roundStage(parts, images, { plan, mining, settings }));
      await store.write(roundWeights(plan.round), await network.save());
    });
    if (plan === plans.at(-1)) await store.write("weights.safetensors", await network.save());
    rounds.push(await score(`${name}: evaluation`));
    await look(name, plan.round);
    if (settings.stopEarly === true) stopped = judge.harm();
    if (stopped !== null) break;
  }
  if (stopped !== null) {
    progress.line(`The rounds end early: ${stopped}`);
    await store.write("weights.safetensors", await network.save());
  }
  const adapted = rounds.at(-1) ?? null;
  const result = { sourceOnly, rounds, adapted, best: judge.best, stopped, seconds: stages.seconds };
  await store.write("result.json", jsonText(result));
  return result;
}

/** The training on the source as a stage. */
export function sourceStage<Item>(
  source: readonly Item[],
  training: SourceTraining,
  { seed, augmentation }: Pick<AdaptationSettings, "seed" | "augmentation">,
): TrainingStage<Item> {
  return {
    name: "source",
    seed,
    augmentation,
    items: source.map((_, index) => ({ domain: "source", index })),
    images: { source, target: [] },
    mining: {},
    ...training,
  };
}

/** Step (a) of a round: with the network fixed, chooses the pseudo-labels of all target images. */
async function labelRound<Item>(
  { trainer, shapes: planned, samples, store, progress = silent, onActivity, signal }: RunParts<Item>,
  images: AdaptationImages<Item>,
  { round, portion }: RoundPlan,
  settings: AdaptationSettings,
): Promise<LabellingResult> {
  const { gpu, network } = trainer;
  const shapes = planned ?? defaultShapes(network, trainer.options);
  const classes = network.classCount;
  const priorOptions = { classes, size: shapes.typical };
  const { spatialPrior: wanted = false } = settings;
  const prior = wanted === false
    ? undefined
    : wanted === true
    ? await sourcePrior(trainer.network, gpu, samples, images.source, { ...priorOptions, points: shapes.points })
    : givenPrior(gpu, wanted, priorOptions);
  using _prior = { [Symbol.dispose]: () => prior === undefined ? undefined : gpu.destroyBuffer(prior) };
  if (prior !== undefined && await store.read(priorName) === null) {
    await store.write(priorName, await priorFile(gpu, prior, priorOptions));
  }
  await using sink = store.openLabels(
    ...[round, images.target, classes] as const,
    network.metadata.palette,
    settings.merge,
    network.metadata.classes,
  );
  const stage = `round ${round}: labelling`;
  const bar = progress.stage(stage, images.target.length, { unit: "images", perStep: 1 });
  const result = await labelTarget(gpu, network, samples, images.target, sink, {
    ...settings.selection,
    portion,
    ...shapes,
    prior,
    priorSize: isExact(shapes.size) ? undefined : shapes.typical,
    views: settings.views,
    batch: settings.scoringBatch,
    onProgress: (done) => bar.update(done),
    onActivity,
    signal,
  });
  bar.end();
  await store.write(`rounds/${round}/thresholds.json`, jsonText(result));
  const { lambda, labelled, precision, recall } = result;
  await store.log({ stage, portion, lambda, labelled, precision, recall });
  return result;
}

/** The prior of the source: of images, or of the range images of scans. */
function sourcePrior<Item>(
  { model: { takes } }: Network,
  gpu: Gpu,
  samples: SampleSource<Item>,
  source: readonly Item[],
  options: ScanPriorOptions,
): Promise<GPUBuffer> {
  const { classes, size } = options;
  if (takes.scans === undefined) return spatialPrior(gpu, samples, source, { classes, size });
  return scanPrior(gpu, takes, samples, source, options);
}

/** Step (b) of a round: with the labels fixed, trains the network. */
function roundStage<Item>(
  { trainer: { network }, store }: RunParts<Item>,
  images: AdaptationImages<Item>,
  { plan: { round, items, steps, learningRate }, mining, settings }: {
    readonly plan: RoundPlan;
    readonly mining: TrainingStage<Item>["mining"];
    readonly settings: AdaptationSettings;
  },
): TrainingStage<Item> {
  const { momentum } = settings;
  const target = settings.control === true ? [] : store.labelledItems(
    ...[round, images.target, network.classCount] as const,
    network.metadata.classes,
  );
  return {
    name: roundName(round),
    seed: settings.seed,
    augmentation: settings.augmentation,
    targetScaleRange: settings.targetScaleRange,
    items,
    batchMix: settings.batchMix,
    images: { source: images.source, target },
    mining,
    steps,
    rates: (step) => settings.rates(learningRate, { step, steps }),
    ...(momentum === undefined ? {} : { momentum: (step: number) => momentum({ step, steps }) }),
  };
}

/** The name under which a spatial prior is kept. */
export const priorName = "spatial-prior.npy";

/** The name of a round's training. */
function roundName(round: number): string {
  return `round ${round}`;
}

function miningPlans({ mining }: AdaptationSettings, classes: MiningClasses): Partial<Record<Domain, MiningPlan>> {
  if (mining === undefined) return {};
  const { rule, domains, chance } = mining;
  const plan: MiningPlan = { rule, classes, chance };
  const mined = domains === "both" ? minedDomains(rule) : [domains];
  return Object.fromEntries(mined.map((domain) => [domain, plan]));
}

/** Runs each stage once, or takes its result from the store, and keeps the time that it took. */
class TimedStages {
  readonly seconds: Record<string, number> = {};

  constructor(
    readonly store: Pick<RunStore<unknown>, "once">,
    readonly onActivity: ((activity: Activity) => void) | undefined,
  ) {}

  async run<T>(stage: string, form: KeptForm<T>, activity: Activity, compute: () => Promise<T>): Promise<T> {
    this.onActivity?.(activity);
    const { value, time } = await this.store.once(stage, timedForm(form), async () => {
      const start = performance.now();
      return { value: await compute(), time: (performance.now() - start) / 1000 };
    });
    this.onActivity?.("other");
    this.seconds[stage] = time;
    return value;
  }
}
