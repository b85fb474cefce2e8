/**
 * From options to the method: optimizer, training step, schedule and rounds. Nothing here reads a file, so that a recipe
 * means the same on the command line and in a browser.
 *
 * @module
 */

import type { ClassMap } from "../data/class_map.ts";
import type { RunShapes, Shapes } from "../data/shapes.ts";
import type { Size } from "../data/size.ts";
import { UsageError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { ParameterStore } from "../nn/parameter_store.ts";
import { adamW, groupRates, isBiasGroup, type LearningRates, type Optimizer, sgd } from "../optim/optimizer.ts";
import { type Schedule, scheduleFactor, scheduleMomentum } from "../optim/schedule.ts";
import type { AdaptationSettings, EarlierRounds, SourceTraining } from "../selftraining/adaptation.ts";
import {
  atLogits,
  type CrossEntropyOptions,
  crossEntropyWith,
  diceLoss,
  lovaszLoss,
  type Objective,
  sum,
  weighted,
} from "../selftraining/objective.ts";
import type { ScoringSettings } from "../selftraining/evaluation.ts";
import type { PriorMaps } from "../selftraining/spatial_prior.ts";
import type { TrainerOptions } from "../selftraining/trainer.ts";
import { labelBatch, type Settings, testViewOptions, viewOptions } from "./settings.ts";
import { scribbles } from "./shares.ts";

/** What the method's settings follow from. */
export interface MethodContext {
  /** The options. */
  readonly settings: Settings;
  /** The network, whose parameters are in groups. */
  readonly network: { readonly store: Pick<ParameterStore, "groups"> };
  /** At which sizes images are worked on. */
  readonly shapes: RunShapes;
  /** What the network's classes are merged into when it is scored. Absent where they are the same. */
  readonly merge?: ClassMap | undefined;
}

/** The terms of the objective that the settings ask for, with their weights. */
export function objectiveWith(settings: Settings, classWeights?: readonly number[]): Objective {
  const entropy = crossEntropyWith({
    ...(classWeights === undefined ? {} : { classWeights }),
    ...regularizerOf(settings),
    averageOver: settings.get("average-over"),
  });
  const terms = ([["dice", diceLoss()], ["lovasz", lovaszLoss()]] as const)
    .filter(([key]) => settings.get(key) > 0)
    .map(([key, term]) => weighted(term, settings.get(key)));
  const objective = sum(entropy, ...terms);
  return settings.get("loss-at") === "logits" ? atLogits(objective) : objective;
}

/** The regulariser of the settings, with its weight. */
function regularizerOf(settings: Settings): Pick<CrossEntropyOptions, "regularizer" | "weight"> {
  const regularizer = settings.get("regularizer");
  return regularizer === "none" ? {} : { regularizer, weight: settings.get("regularizer-weight") };
}

/** The optimizer of the settings. */
export function openOptimizer(gpu: Gpu, store: ParameterStore, settings: Settings): Promise<Optimizer> {
  const weightDecay = settings.get("weight-decay");
  const biasDecay = settings.get("bias-decay");
  const clipNorm = settings.get("clip-norm");
  requireBiasGroups(store, settings);
  if (settings.get("optimizer") === "adamw") {
    const epsilon = settings.get("epsilon");
    return adamW(gpu, store, { betas: settings.get("betas"), epsilon, weightDecay, biasDecay, clipNorm });
  }
  return sgd(gpu, store, {
    momentum: settings.get("momentum"),
    nesterov: settings.get("nesterov"),
    weightDecay,
    biasDecay,
    clipNorm,
  });
}

/** @throws {UsageError} if biases are to be trained in another way, and the network does not keep them apart. */
function requireBiasGroups({ groups }: ParameterStore, settings: Settings): void {
  if (settings.get("bias-rate") === 1 && settings.get("bias-decay") === 1 || groups.some(isBiasGroup)) return;
  throw new UsageError(
    "Leave out --bias-rate and --bias-decay: this network trains its biases together with its weights. " +
      "The DeepLabv2 networks, wideresnet38 and fcn8s-vgg16 keep them apart",
  );
}

/**
 * Sizes of the training step.
 *
 * @param context `room`: size of the largest image of which crops are cut; `crop`: size of a crop.
 */
export function trainerOptions(
  { settings, room, crop }: { readonly settings: Settings; readonly room: Size; readonly crop: Size },
): TrainerOptions {
  return {
    batch: settings.get("batch"),
    accumulate: settings.get("accumulate"),
    recompute: settings.get("recompute"),
    halfActivations: settings.get("half-activations"),
    crop,
    size: room,
    ...settings.has("policy") && settings.get("policy") === "lrent" ? { labels: "compact" } : {},
    // Class weights do not change the sizes of a step.
    objective: objectiveWith(settings),
  };
}

/**
 * The method's settings.
 *
 * @param sourceTraining the training before the rounds; `null` if the network has been trained on the source already.
 * @param given `start`: the rounds of another run from which this one goes on; `prior`: maps of a spatial prior that was
 * made elsewhere.
 */
export function adaptationSettings(
  context: MethodContext,
  sourceTraining: SourceTraining | null,
  { start, prior }: { readonly start?: EarlierRounds | undefined; readonly prior?: PriorMaps | undefined } = {},
): AdaptationSettings {
  const { settings } = context;
  const schedule = (domain: "source" | "target", initial: number) => ({
    initial,
    step: settings.get(`${domain}-portion-step`),
    maximum: settings.get(`${domain}-portion-max`),
  });
  const sourceImages = settings.get("source-images");
  const sourcePortion = settings.get("source-portion") ?? 0;
  const targetImages = settings.get("target-images");
  const mining = settings.get("mining");
  return {
    seed: settings.get("seed"),
    rounds: settings.get("rounds"),
    epochs: settings.get("epochs"),
    targetPortion: schedule("target", settings.get("target-portion")),
    sourcePortion: sourceImages === undefined ? schedule("source", sourcePortion) : { images: sourceImages },
    ...(targetImages === "all" ? {} : { targetImages }),
    repeatImages: settings.get("repeat-images"),
    sourceChoice: settings.get("source-choice"),
    batchMix: settings.get("batch-mix"),
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
    sourceTraining,
    ...roundRates(context),
    augmentation: augmentationOf(settings),
    targetScaleRange: settings.get("target-scale-range"),
    selection: {
      policy: settings.get("policy"),
      rule: settings.get("rule"),
      stride: settings.get("stride"),
      ringMetres: settings.get("rings"),
      alpha: settings.get("alpha"),
      onlyUnlabelled: settings.get("labelled") === scribbles,
    },
    spatialPrior: prior ?? settings.get("spatial-prior"),
    stopEarly: settings.get("stop-early"),
    ...(start === undefined ? {} : { start }),
    ...scoringSettings(context),
  };
}

/** How the network is scored. */
export function scoringSettings(
  { settings, merge, shapes }: Pick<MethodContext, "settings" | "merge"> & { readonly shapes: Shapes },
): ScoringSettings {
  return {
    merge,
    views: viewOptions(settings),
    testViews: testViewOptions(settings),
    scoringBatch: labelBatch(settings, shapes),
    absent: settings.get("absent"),
    pointRule: settings.get("post"),
  };
}

/** The rates of a round: one cycle each with that schedule, else the same at all steps. */
export function roundRates(context: RatedContext): Pick<AdaptationSettings, "rates" | "momentum"> {
  const { settings } = context;
  const kind = settings.get("schedule") === "one-cycle" ? "one-cycle" : "constant";
  return {
    rates: (rate, { step, steps }) => ratesOf(context, rate * scheduleFactor({ kind, total: steps }, step)),
    momentum: ({ step, steps }) => scheduleMomentum({ kind, total: steps }, step),
  };
}

/** Steps, rates and momentum of the training on the source. */
export function sourceTraining(context: RatedContext): SourceTraining {
  const { settings } = context;
  const schedule = sourceSchedule(settings);
  const rate = settings.get("source-rate");
  return {
    steps: settings.get("source-steps"),
    rates: (step) => ratesOf(context, rate * scheduleFactor(schedule, step)),
    momentum: (step) => scheduleMomentum(schedule, step),
  };
}

/** The schedule of the source training. */
export function sourceSchedule(settings: Settings): Schedule {
  const steps = settings.get("source-steps");
  return {
    kind: settings.get("schedule"),
    power: settings.get("power"),
    total: settings.get("schedule") === "poly" ? settings.get("schedule-steps") ?? steps : steps,
    gamma: settings.get("gamma"),
    every: settings.get("every") ?? Math.max(1, Math.ceil(steps / 3)),
    warmUp: settings.get("warm-up"),
  };
}

/** How crops are drawn. */
export function augmentationOf(settings: Settings): AdaptationSettings["augmentation"] {
  const strength = settings.get("jitter");
  const scaleSteps = settings.get("scale-steps");
  return {
    scaleRange: settings.get("scale-range"),
    ...(scaleSteps === "any" ? {} : { scaleSteps }),
    mirror: settings.get("mirror"),
    jitter: { brightness: strength, contrast: strength, saturation: strength },
    moveScans: settings.get("move-scans"),
  };
}

/** What rates follow from. */
type RatedContext = Pick<MethodContext, "settings" | "network">;

function ratesOf({ network, settings }: RatedContext, rate: number): LearningRates {
  return groupRates(network.store.groups, rate, settings.get("head-rate"), {
    backbone: settings.get("backbone-rate"),
    bias: settings.get("bias-rate"),
  });
}
