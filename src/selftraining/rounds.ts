/**
 * The plan of all rounds: which portion of the target is labelled, which images are trained on, for how many steps and at
 * which rate. A pure function of the settings and the numbers of images, so that it is known before anything starts.
 *
 * @module
 */

import type { Domain } from "../data/mining.ts";
import { type DomainItem, mixedItems, roundSubset, type SubsetPolicy } from "../data/order.ts";
import { type PortionRule, portions, type PortionSchedule, roundLearningRates, sourceImageCounts } from "./portions.ts";

/** What the rounds consist of, under the paper's names. */
export interface RoundSettings {
  /** Seed of every random draw. */
  readonly seed: number;
  /** Rounds of labelling and training. */
  readonly rounds: number;
  /** Passes over the images of a round. */
  readonly epochs: number;
  /** Share of each class that becomes pseudo-labels. */
  readonly targetPortion: PortionSchedule;
  /** Share of the source images that a round trains on, or their number. */
  readonly sourcePortion: PortionSchedule | { readonly images: number };
  /** Target images that a round trains on; all by default. */
  readonly targetImages?: number;
  /** Source images anew each round, or a growing subset. */
  readonly sourceChoice: SubsetPolicy;
  /** How the portions grow. */
  readonly portionRule: PortionRule;
  /** One learning rate per round, or the first one's. */
  readonly learningRates: readonly number[];
  /** How a single learning rate changes from round to round. */
  readonly rateDecay: "constant" | "sqrt2";
  /** Train on source images only. Default `false`. */
  readonly control?: boolean;
}

/** A round before it starts. */
export interface RoundPlan {
  /** Round from 1. */
  readonly round: number;
  /** Share of each class that becomes pseudo-labels. */
  readonly portion: number;
  /** Source and target images that are trained on, together. */
  readonly items: readonly DomainItem[];
  /** Training steps. */
  readonly steps: number;
  /** Learning rate of the backbone. */
  readonly learningRate: number;
}

/**
 * The rounds in their order.
 *
 * @param images how many images each domain has.
 * @param crops crops of a training step.
 */
export function planRounds(
  settings: RoundSettings,
  images: Readonly<Record<Domain, number>>,
  crops: number,
): RoundPlan[] {
  const { seed, rounds, epochs, sourceChoice, control = false } = settings;
  const sourceCounts = sourceCountsOf(settings, images.source);
  const rates = settings.learningRates.length > 1
    ? settings.learningRates
    : roundLearningRates(settings.learningRates[0] ?? 0, rounds, settings.rateDecay);
  return portions(settings.targetPortion, rounds, settings.portionRule).map((portion, index) => {
    const round = index + 1;
    const source = roundSubset(seed, "source", round, sourceCounts[index] ?? 0, images.source, sourceChoice);
    const target = control
      ? []
      : roundSubset(seed, "target", round, settings.targetImages ?? images.target, images.target, "redrawn");
    const items = mixedItems(source, target);
    return {
      round,
      portion,
      items,
      steps: Math.max(1, Math.floor(items.length * epochs / crops)),
      learningRate: rates[index] ?? rates.at(-1) ?? 0,
    };
  });
}

/** Source images of each round. */
function sourceCountsOf({ sourcePortion, rounds, portionRule }: RoundSettings, images: number): number[] {
  if ("images" in sourcePortion) return new Array<number>(rounds).fill(sourcePortion.images);
  return sourceImageCounts(images, portions(sourcePortion, rounds, portionRule));
}
