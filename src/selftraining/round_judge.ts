/**
 * Which round of a run is best, and whether a round does harm, without a look at labels. The criterion is the agreement
 * of predictions with those of the mirrored image (`mirror_agreement.ts`).
 *
 * @module
 */

import * as v from "valibot";
import { formOf, type KeptForm } from "./kept.ts";
import { agreementScore, bestRound, type MirrorAgreement } from "./mirror_agreement.ts";

/** The best round of a run. */
export interface BestRound {
  /** Its number; 0 is the network before the first round. */
  readonly round: number;
  /** What decided. */
  readonly criterion: "mirror agreement";
  /** The criterion before the first round that was run, and after each, from 0 to 1. */
  readonly agreement: readonly (number | null)[];
  /** The number of the round that the first of these belongs to. */
  readonly first: number;
  /** The name under which the round's network is kept. */
  readonly weights: string;
}

/** What is kept of a look at a round. */
export const agreementForm: KeptForm<MirrorAgreement> = formOf(v.object({
  iou: v.array(v.nullable(v.number())),
  shares: v.array(v.number()),
}));

/**
 * A round does harm where the agreement falls by more than this below that of the best network before. Smaller changes
 * are noise.
 */
const harmMargin = 0.02;

/** The name under which the network after a round is kept. */
export function roundWeights(round: number): string {
  return `rounds/${round}/weights.safetensors`;
}

/** Looks at the network before and after each round. */
export class RoundJudge {
  readonly #found: (MirrorAgreement | null)[] = [];

  /**
   * @param first number of the round after which the network is now.
   * @param measure measures the agreement in a stage, after a training; `null` where that cannot be known any more.
   */
  constructor(
    readonly first: number,
    readonly measure: (stage: string, training: string | null) => Promise<MirrorAgreement | null>,
  ) {}

  /** Looks at the network after a training. */
  async look(stage: string, training: string | null): Promise<void> {
    this.#found.push(await this.measure(stage, training));
  }

  /** The criterion before the rounds and after each, as far as it is known. */
  get scores(): (number | null)[] {
    const [before] = this.#found;
    return this.#found.map((found) =>
      found === null || before === null || before === undefined ? null : agreementScore(found, before)
    );
  }

  /** Why the last round did harm, as a sentence without its full stop; `null` where it did not, or that is not known. */
  harm(): string | null {
    const { scores } = this;
    const last = scores.at(-1) ?? null;
    const best = Math.max(...scores.slice(0, -1).map((score) => score ?? 0));
    if (last === null || last >= best - harmMargin) return null;
    const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
    return `round ${this.first + scores.length - 1} did harm: predictions agree with those of the mirrored images by ` +
      `${percent(last)}, before by ${percent(best)}`;
  }

  /** The best round so far; `null` where that is not known. */
  get best(): BestRound | null {
    const { scores, first } = this;
    const place = bestRound(scores);
    if (place === null) return null;
    const weights = place === 0 ? "source.safetensors" : roundWeights(first + place);
    return { round: first + place, criterion: "mirror agreement", agreement: scores, first, weights };
  }
}
