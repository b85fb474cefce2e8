/**
 * From ranks to thresholds, as the paper and the two released programs define them. Everything here is float64
 * arithmetic on a few numbers per class. The confidences themselves stay on the GPU (`selection.ts`).
 *
 * @module
 */

import { type MiningClasses, miningClasses } from "../data/mining.ts";
import type { LabelCounts } from "./label_counts.ts";

/**
 * `cbst`: one threshold per class. `st`: one threshold for all classes. `lrent`: as `cbst`, and the labels are
 * softened.
 */
export type SelectionPolicy = "cbst" | "st" | "lrent";

/**
 * Which released program's ranks: those of the PyTorch one (`crst`), or those of the MXNet one (`mxnet`), which adds
 * zeros to its lists.
 */
export type RankRule = "crst" | "mxnet";

/** How pseudo-labels are chosen. */
export interface SelectionSettings {
  /** One threshold per class, or one for all. */
  readonly policy: SelectionPolicy;
  /** Which released program's ranks. */
  readonly rule: RankRule;
  /** Share of each class to label, from 0 to 1. */
  readonly portion: number;
  /** Of the pixels of a class in an image, only every `stride`-th is ranked. 1: all are. */
  readonly stride: number;
  /**
   * Only LiDAR scans: width in metres of the rings around the sensor in each of which a class has a threshold. Default 0:
   * there are none.
   */
  readonly ringMetres?: number | undefined;
}

/** The thresholds of each class in each ring, from the nearest ring to the farthest. Lists are `[ring][class]`. */
export interface RingThresholds {
  /** Width of a ring. The last one has all that is farther. */
  readonly metres: number;
  /** Number of pixels of the ring whose largest score is that of the class. */
  readonly n_pixels: readonly (readonly number[])[];
  /** How many of these are ranked. */
  readonly n_sampled: readonly (readonly number[])[];
  /** Place of the threshold in the list; 0 where there is none. */
  readonly rank: readonly (readonly number[])[];
  /** The threshold λ; 1 if the list gives none. */
  readonly lambda: readonly Float32Array<ArrayBuffer>[];
}

/** The length of a ranked list, and the rank of its threshold. There is one list per class, or a single one. */
export interface RankedList {
  /** Number of values in the list, without extra zeros. */
  readonly sampled: number;
  /** Number of values in the list as the rule counts them, with extra zeros. */
  readonly length: number;
  /** Place of the threshold in the list in descending order, from 1; 0 if there is no threshold. */
  readonly rank: number;
}

/**
 * Length and rank of each list.
 *
 * Rule `crst`: rank = ⌊n · portion⌋ for n ranked pixels. Rule `mxnet`: the list of a class holds one extra zero if the
 * class was predicted at all. The single list of policy `st` holds one extra zero for each class, and one more.
 *
 * @param sampled number of ranked pixels of each class.
 */
export function rankedLists(sampled: readonly number[], settings: SelectionSettings): RankedList[] {
  const { policy, rule, portion } = settings;
  const list = (count: number, zeros: number): RankedList => {
    const length = count + (rule === "mxnet" ? zeros : 0);
    return { sampled: count, length, rank: Math.floor(length * portion) };
  };
  switch (policy) {
    case "cbst":
    case "lrent":
      return sampled.map((count) => list(count, count > 0 ? 1 : 0));
    case "st":
      return [list(sampled.reduce((sum, count) => sum + count, 0), sampled.length + 1)];
  }
}

/**
 * The thresholds of a selection, and the numbers that led to them. Lists are over classes. The names are those of
 * `thresholds.json`. With rings, the numbers of a class are the sums over its rings, and its λ is that of the ring where
 * it is least.
 */
export interface Thresholds extends SelectionSettings {
  /** Whether scores were multiplied by a spatial prior. */
  readonly prior: boolean;
  /** Number of pixels whose largest score is that of the class. */
  readonly n_pixels: readonly number[];
  /** How many of these are ranked. */
  readonly n_sampled: readonly number[];
  /** Length of the class's list with the extra zeros of rule `mxnet`. */
  readonly list_len: readonly number[];
  /** Place of the threshold in the descending list, from 1; 0 where there is none. */
  readonly rank: readonly number[];
  /** The confidence at the rank; 0 if there is none. */
  readonly lambda_raw: Float32Array<ArrayBuffer>;
  /** The threshold λ; 1 if the list gives none. */
  readonly lambda: Float32Array<ArrayBuffer>;
  /** The thresholds by which pixels are labelled, where there are rings. */
  readonly rings?: RingThresholds;
  /**
   * What mining needs to know of rare classes: the size of each class, the three classes of the smallest shares, and
   * the classes whose shares are below 0.001.
   */
  readonly mine: MiningClasses & { readonly size: readonly number[] };
}

/**
 * The thresholds from the values at the ranks.
 *
 * @param lists as `rankedLists` gives them.
 * @param values the float32 at the rank of each list; 0 if the rank is 0 or falls on an extra zero.
 */
export function thresholdsAtRanks(
  { policy, rule, portion, stride }: SelectionSettings,
  prior: boolean,
  pixels: readonly number[],
  sampled: readonly number[],
  lists: readonly RankedList[],
  values: readonly number[],
): Thresholds {
  const perClass = <T>(pick: (list: number) => T): T[] => pixels.map((_, id) => pick(policy === "st" ? 0 : id));
  const raw = Float32Array.from(perClass((list) => values[list] ?? 0));
  const length = perClass((list) => lists[list]?.length ?? 0);
  const size = rule === "mxnet"
    ? length.map((count, id) => policy === "st" || (pixels[id] ?? 0) > 0 ? count : 0)
    : [...pixels];
  return {
    ...{ policy, rule, portion, stride, prior },
    n_pixels: [...pixels],
    n_sampled: [...sampled],
    list_len: length,
    rank: perClass((list) => lists[list]?.rank ?? 0),
    lambda_raw: raw,
    lambda: raw.map((value) => value === 0 ? 1 : value),
    mine: { size, ...miningClasses(size) },
  };
}

/** What `thresholds.json` holds: the thresholds as numbers and as bits, and how many pixels got each label. */
export interface ThresholdsReport extends Omit<Thresholds, "lambda_raw" | "lambda" | "rings">, LabelCounts {
  /** The thresholds of each ring as numbers, and as bits. */
  readonly rings?: Omit<RingThresholds, "lambda"> & {
    readonly lambda: readonly (readonly number[])[];
    readonly lambda_hex: readonly (readonly string[])[];
  };
  /** rank − 1, the index in the sorted list from 0; `null` if the rank is 0. */
  readonly index: readonly (number | null)[];
  /** The confidence at the rank, with 9 digits; 0 if there is none. */
  readonly lambda_raw: readonly number[];
  /** The threshold λ, with 9 digits; 1 if the list gives none. */
  readonly lambda: readonly number[];
  /** The float32 bits of λ, such as `0x3f800000`. */
  readonly lambda_hex: readonly string[];
  /** −ln λ. */
  readonly k: readonly number[];
}

/** The report of a selection, once its labels are counted. The keys have the order of the file. */
export function thresholdsReport(thresholds: Thresholds, { labelled, ignored }: LabelCounts): ThresholdsReport {
  const { policy, rule, portion, stride, prior, n_pixels, n_sampled, list_len, rank, mine, rings } = thresholds;
  const lambda = [...thresholds.lambda];
  return {
    ...{ policy, rule, portion, stride, prior, n_pixels, n_sampled, list_len, rank },
    index: rank.map((place) => place > 0 ? place - 1 : null),
    lambda_raw: Array.from(thresholds.lambda_raw, nineDigits),
    lambda: lambda.map(nineDigits),
    lambda_hex: lambda.map(hexBits),
    // Adding zero turns −0 into 0.
    k: lambda.map((value) => -Math.log(value) + 0),
    ...{ labelled, ignored, mine },
    ...rings === undefined ? {} : { rings: ringsReport(rings) },
  };
}

function ringsReport({ lambda, ...rings }: RingThresholds): NonNullable<ThresholdsReport["rings"]> {
  return {
    ...rings,
    lambda: lambda.map((values) => Array.from(values, nineDigits)),
    lambda_hex: lambda.map((values) => Array.from(values, hexBits)),
  };
}

/** A float32 rounded to 9 decimal digits, which are enough to read back the same bits. */
function nineDigits(value: number): number {
  return Number(value.toPrecision(9));
}

/** The bits of a float32, as `0x3f800000`. */
export function hexBits(value: number): string {
  return `0x${new Uint32Array(Float32Array.of(value).buffer)[0]?.toString(16).padStart(8, "0")}`;
}
