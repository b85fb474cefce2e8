/**
 * The plan of all rounds: the portion of the target that is labelled, the images that are trained on, the number of
 * steps and the learning rate. It follows from the settings and the numbers of images alone, so it is known before
 * anything starts.
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
  /** Passes over the images that a round trains on. */
  readonly epochs: number;
  /** Share of each class that becomes pseudo-labels. */
  readonly targetPortion: PortionSchedule;
  /** The source images that a round trains on: a share of all, or a number. */
  readonly sourcePortion: PortionSchedule | { readonly images: number };
  /** Number of target images that a round trains on. Default: all. */
  readonly targetImages?: number;
  /** Whether images are taken several times in a round that trains on more than there are. Default `false`. */
  readonly repeatImages?: boolean;
  /** How a round's source images are chosen: drawn anew, or as a subset that grows from round to round. */
  readonly sourceChoice: SubsetPolicy;
  /** Which rule says how the portions grow. */
  readonly portionRule: PortionRule;
  /** One learning rate per round, or only that of the first. */
  readonly learningRates: readonly number[];
  /** How the learning rate changes from round to round if only the first is given. */
  readonly rateDecay: "constant" | "sqrt2";
  /** Train on source images only, for comparison. Default `false`. */
  readonly control?: boolean;
}

/** What a round will do. */
export interface RoundPlan {
  /** Number of the round, from 1. */
  readonly round: number;
  /** Share of each class that becomes pseudo-labels. */
  readonly portion: number;
  /** The source and target images that are trained on. */
  readonly items: readonly DomainItem[];
  /** Training steps. */
  readonly steps: number;
  /** Learning rate of the backbone. */
  readonly learningRate: number;
}

/**
 * The plan of each round, in order.
 *
 * @param images how many images each domain has.
 * @param crops crops of a training step.
 */
export function planRounds(
  settings: RoundSettings,
  images: Readonly<Record<Domain, number>>,
  crops: number,
): RoundPlan[] {
  const { seed, rounds, epochs, sourceChoice, control = false, repeatImages = false } = settings;
  const sourceCounts = sourceCountsOf(settings, images.source);
  const rates = settings.learningRates.length > 1
    ? settings.learningRates
    : roundLearningRates(settings.learningRates[0] ?? 0, rounds, settings.rateDecay);
  return portions(settings.targetPortion, rounds, settings.portionRule).map((portion, index) => {
    const round = index + 1;
    const subset = (domain: Domain, count: number, policy: SubsetPolicy) =>
      roundSubset(seed, domain, round, count, images[domain], policy, repeatImages);
    const source = subset("source", sourceCounts[index] ?? 0, sourceChoice);
    const target = control ? [] : subset("target", settings.targetImages ?? images.target, "redrawn");
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

/** The number of source images of each round. */
function sourceCountsOf({ sourcePortion, rounds, portionRule }: RoundSettings, images: number): number[] {
  if ("images" in sourcePortion) return new Array<number>(rounds).fill(sourcePortion.images);
  return sourceImageCounts(images, portions(sourcePortion, rounds, portionRule));
}
