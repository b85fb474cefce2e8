/**
 * What an adaptation by self-training is given and what it results in: its images, its settings, its scores.
 *
 * @module
 */

import type { MiningRule } from "../data/mining.ts";
import type { BatchMix } from "../data/order.ts";
import type { AugmentationOptions } from "../data/sampling.ts";
import type { LearningRates } from "../optim/optimizer.ts";
import type { ScoringSettings, SplitScores } from "./evaluation.ts";
import type { BestRound } from "./round_judge.ts";
import type { RoundSettings } from "./rounds.ts";
import type { PriorMaps } from "./spatial_prior.ts";
import type { SelectionSettings } from "./thresholds.ts";

/** The images of an adaptation. An `Item` is what the `SampleSource` knows an image by. */
export interface AdaptationImages<Item> {
  /** Labelled source images, which are trained on. */
  readonly source: readonly Item[];
  /**
   * Target images, which are given pseudo-labels. If they have labels of their own, these only judge the pseudo-labels.
   */
  readonly target: readonly Item[];
  /** Labelled target images to score on; `null` where there are none. */
  readonly evaluation: readonly Item[] | null;
}

/** Training on the source. */
export interface SourceTraining {
  /** Number of training steps. */
  readonly steps: number;
  /** Learning rate of each parameter group at a step, counted from 0. */
  readonly rates: (step: number) => LearningRates;
  /** Momentum at a step, where it is not that of the optimizer's settings. */
  readonly momentum?: (step: number) => number | undefined;
}

/** A place in the training of a round. */
export interface RoundStep {
  /** The step, counted from 0 in each round. */
  readonly step: number;
  /** Steps of the round. */
  readonly steps: number;
}

/** The method's settings, under the paper's names. */
export interface AdaptationSettings extends RoundSettings, ScoringSettings {
  /** How source and target images meet in a batch of the rounds. Default: `random`. */
  readonly batchMix?: BatchMix | undefined;
  /** The source training; `null` if the network has been trained on the source already. */
  readonly sourceTraining: SourceTraining | null;
  /** The learning rate of each parameter group at a step of a round, from that of the backbone. */
  readonly rates: (learningRate: number, place: RoundStep) => LearningRates;
  /** Momentum at a step of a round, where it is not that of the optimizer's settings. */
  readonly momentum?: (place: RoundStep) => number | undefined;
  /** How crops are drawn; their size is the trainer's. */
  readonly augmentation: Omit<AugmentationOptions, "crop">;
  /** Least and greatest scale factor of target images in the rounds. Default: those of `augmentation`. */
  readonly targetScaleRange?: readonly [number, number] | undefined;
  /**
   * How thresholds are found. With the policy `lrent` labels are soft, with `alpha` as the weight of their entropy (default
   * 0.25); the trainer must then take `compact` labels. With `onlyUnlabelled`, no pixel that has a label of its own gets a
   * pseudo-label: the target images are those of the source, which are labelled in part.
   */
  readonly selection:
    & Omit<SelectionSettings, "portion">
    & { readonly alpha?: number; readonly onlyUnlabelled?: boolean };
  /**
   * Multiply scores by how often each class stands at each place: `true` of the source images, or as given maps say.
   * Default `false`.
   */
  readonly spatialPrior?: boolean | PriorMaps;
  /** End after a round that does harm, by {@link AdaptationResult.best}'s criterion. Default `false`. */
  readonly stopEarly?: boolean;
  /** Go on from the network after a round of another run, which the trainer's network is. Default: from the source. */
  readonly start?: EarlierRounds;
  /** Rare-class mining: some crops are placed around a pixel of a rare class. Off if absent. */
  readonly mining?: {
    readonly rule: MiningRule;
    readonly domains: "source" | "target" | "both";
    readonly chance: number;
  };
}

/** The rounds of another run, from whose last an adaptation goes on. */
export interface EarlierRounds {
  /** Number of the last of them; 0 is the network before the first round. */
  readonly round: number;
  /** Scores before the first round, if they are comparable; else `null`. */
  readonly sourceOnly: SplitScores | null;
  /** Scores after each round but the last, which is scored anew. */
  readonly rounds: readonly (SplitScores | null)[];
}

/** The scores of an adaptation. A score is `null` if there was no labelled image to score on. */
export interface AdaptationResult {
  /** Scores before the first round. */
  readonly sourceOnly: SplitScores | null;
  /** Scores after each round. */
  readonly rounds: readonly (SplitScores | null)[];
  /** Scores after the last round. */
  readonly adapted: SplitScores | null;
  /** The best round by a criterion that looks at no label; `null` where a part of the run does not know it. */
  readonly best: BestRound | null;
  /** Why the rounds ended early; `null` where they did not. */
  readonly stopped: string | null;
  /** Seconds that each stage took, by its name. */
  readonly seconds: Readonly<Record<string, number>>;
}
