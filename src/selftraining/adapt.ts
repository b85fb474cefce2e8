/**
 * Class-balanced self-training (Zou et al., ECCV 2018): the loop.
 *
 * Each round labels the target images with the network as it is — the same portion of every class's most confident
 * pixels — and then trains the network on these pseudo-labels mixed with source images. What a round needs of the outside
 * (files, checkpoints, progress) is behind `Rounds`, so this file shows the method alone.
 *
 * @module
 */

import { minedDomains, type MiningClasses, type MiningPlan, type MiningRule } from "../data/mining.ts";
import type { Domain } from "../data/mining.ts";
import { type DomainItem, mixedItems, roundSubset, type SubsetPolicy } from "../data/order.ts";
import { type PortionRule, portions, type PortionSchedule, roundLearningRates, sourceImageCounts } from "./portions.ts";

/** The method's settings, under the paper's names. */
export interface AdaptationSettings {
  /** Seed of every random draw. */
  readonly seed: number;
  /** Rounds of labelling and training. */
  readonly rounds: number;
  /** Passes over the images of a round. */
  readonly epochs: number;
  /** Crops per step. */
  readonly batch: number;
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
  /** Rare-class mining; off where absent. */
  readonly mining?: {
    readonly rule: MiningRule;
    readonly domains: "source" | "target" | "both";
    readonly chance: number;
  };
  /** Train on source images only. */
  readonly control: boolean;
}

/** What labelling the target images gave. */
export interface Labelling {
  /** Rare classes, for mining. */
  readonly mine: MiningClasses;
}

/** What a round trains on. */
export interface RoundPlan {
  /** Round from 1. */
  readonly round: number;
  /** Source and target images, together. */
  readonly items: readonly DomainItem[];
  /** Steps of the round. */
  readonly steps: number;
  /** Learning rate of the backbone. */
  readonly learningRate: number;
  /** Rare-class mining by domain. */
  readonly mining: Partial<Record<Domain, MiningPlan>>;
}

/** The two halves of a round, and what follows it. */
export interface Rounds {
  /** Step (a): with the network fixed, chooses the pseudo-labels of all target images at this portion. */
  readonly label: (round: number, portion: number) => Promise<Labelling>;
  /** Step (b): with the labels fixed, trains the network. */
  readonly train: (plan: RoundPlan) => Promise<void>;
  /** Scores the network, where the target has labels. */
  readonly evaluate: (round: number) => Promise<void>;
}

/** Runs all rounds. */
export async function adapt(
  settings: AdaptationSettings,
  images: Readonly<Record<Domain, number>>,
  rounds: Rounds,
): Promise<void> {
  const targetPortions = portions(settings.targetPortion, settings.rounds, settings.portionRule);
  const sourceCounts = "images" in settings.sourcePortion
    ? targetPortions.map(() => (settings.sourcePortion as { images: number }).images)
    : sourceImageCounts(images.source, portions(settings.sourcePortion, settings.rounds, settings.portionRule));
  const rates = settings.learningRates.length > 1
    ? settings.learningRates
    : roundLearningRates(settings.learningRates[0] ?? 0, settings.rounds, settings.rateDecay);

  for (const [index, portion] of targetPortions.entries()) {
    const round = index + 1;
    const labelling = settings.control ? null : await rounds.label(round, portion);
    const source = roundSubset(
      settings.seed,
      "source",
      round,
      sourceCounts[index] ?? 0,
      images.source,
      settings.sourceChoice,
    );
    const target = settings.control
      ? []
      : roundSubset(settings.seed, "target", round, settings.targetImages ?? images.target, images.target, "redrawn");
    const items = mixedItems(source, target);
    await rounds.train({
      round,
      items,
      steps: Math.max(1, Math.floor(items.length * settings.epochs / settings.batch)),
      learningRate: rates[index] ?? rates.at(-1) ?? 0,
      mining: labelling === null ? {} : miningPlans(settings, labelling.mine),
    });
    await rounds.evaluate(round);
  }
}

function miningPlans({ mining }: AdaptationSettings, classes: MiningClasses): Partial<Record<Domain, MiningPlan>> {
  if (mining === undefined) return {};
  const { rule, domains, chance } = mining;
  const plan: MiningPlan = { rule, classes, chance };
  const mined = domains === "both" ? minedDomains(rule) : [domains];
  return Object.fromEntries(mined.map((domain) => [domain, plan]));
}
