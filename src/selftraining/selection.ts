/**
 * The selection of pseudo-labels on the GPU, exact to the last bit (CBST, Zou et al. 2018, section 4 and algorithm 2).
 *
 * The threshold of a class is the value at a given rank of its confidences in descending order. It is found without
 * sorting, as in SELECT (Floyd & Rivest, 1975, "Expected time bounds for selection"):
 * 1. A sample of the pixels gives two keys between which the wanted key almost surely lies.
 * 2. One pass over all pixels counts the keys outside these bounds and keeps the few keys between them.
 * 3. Radix selection finds the wanted key among those kept.
 *
 * If the wanted key does not lie between the bounds, or more keys lie between them than there is room for, radix
 * selection runs over all keys instead. The result is the same.
 *
 * Memory is bounded whatever the number of images. Only counts are read back.
 *
 * @module
 */

import assignShader from "../../shaders/selftraining/assign_labels.wgsl" with { type: "text" };
import { BufferScope } from "../gpu/buffer_scope.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { type Dispatch, grid, wholeRange } from "../gpu/launch.ts";
import { OneBehind } from "../gpu/one_behind.ts";
import { pack } from "../graph/layout.ts";
import { QueueBound } from "../gpu/queue_bound.ts";
import { noPoint } from "../ops/scans/geometry.ts";
import {
  type Bounds,
  type Candidates,
  collectCandidates,
  radixSelect,
  type Tally,
  unbounded,
} from "./order_statistics.ts";
import { countsOf, type LabelCounts } from "./label_counts.ts";
import { type KeyBatch, rankedKeys } from "./ranked_keys.ts";
import {
  pixelsPerInvocation,
  type ScoreBatch,
  type ScoreBatches,
  scoreConstants,
  scoreIncludes,
  type ScoreOptions,
  viewsBuffer,
} from "./scores.ts";
import { thresholdsOfRings } from "./ring_thresholds.ts";
import { rankedLists, type SelectionSettings, type Thresholds, thresholdsAtRanks } from "./thresholds.ts";
import { listCountOf, zoneParts } from "./zones.ts";

/** Sizes that change the time of a selection, but not its result. */
export interface SelectionLimits {
  /** Most pixels in the sample. If the images have no more pixels than this, the sample is all of them. */
  readonly samples: number;
  /** Most keys between the bounds that are kept. */
  readonly candidates: number;
}

/** The default sizes. Sample and candidates take 32 MiB each, one after the other, whatever the number of images. */
export const defaultLimits: SelectionLimits = { samples: 2 ** 21, candidates: 2 ** 22 };
/**
 * Distance between the wanted rank and a bound, in standard deviations of a rank in a random sample. Three would do for
 * independent pixels, but neighbouring pixels are alike.
 */
const deviations = 6;
/** Bytes of labels that are read back together. */
export const labelBytes = 8 * 2 ** 20;

/**
 * The thresholds of all classes; with rings, of all classes in each ring.
 *
 * @throws {RangeError} where one threshold for all classes is wanted, and rings.
 */
export async function selectThresholds(
  gpu: Gpu,
  batches: ScoreBatches,
  scores: ScoreOptions,
  settings: SelectionSettings,
  limits: SelectionLimits = defaultLimits,
): Promise<Thresholds> {
  const { stride, policy } = settings;
  const { ringCount = 1 } = scores;
  if (policy === "st" && ringCount > 1) throw new RangeError("There are no rings where all classes have one threshold");
  const keyLists = listCountOf(scores);
  const listCount = policy === "st" ? 1 : keyLists;
  const sampled = new Sampling(batches.images, limits.samples);
  const sample = rankedKeys(gpu, batches, scores, { stride, step: (batch) => sampled.step(batch) });
  const everything = new Array<Bounds>(listCount).fill(unbounded);
  const all = () => rankedKeys(gpu, batches, scores, { stride });
  let bounds: Bounds[];
  {
    using found = await collectCandidates(gpu, sample, keyLists, everything, 2 * limits.samples);
    if (sampled.isWhole) return await thresholdsOf(gpu, found, everything, all, scores, settings);
    const counts = listTallies(found.tallies, listCount).map(rankedCount);
    bounds = await boundsOf(found, counts, settings.portion);
  }
  using candidates = await collectCandidates(gpu, all(), keyLists, bounds, limits.candidates);
  return await thresholdsOf(gpu, candidates, bounds, all, scores, settings);
}

/** The thresholds, from the candidates if these suffice, else from all keys. */
async function thresholdsOf(
  gpu: Gpu,
  candidates: Candidates,
  bounds: readonly Bounds[],
  all: () => AsyncIterable<KeyBatch>,
  scores: ScoreOptions,
  settings: SelectionSettings,
): Promise<Thresholds> {
  const { tallies } = candidates;
  const ranked = tallies.map(rankedCount);
  const pixels = tallies.map((tally) => rankedCount(tally) + tally.unranked);
  const lists = rankedLists(ranked, settings);
  // A rank may fall on one of the extra zeros of rule `mxnet`. That is no key of the list; the value is then 0.
  const ranks = lists.map(({ rank, sampled: count }) => rank > count ? 0 : rank);
  const keys = await keysAtRanks(candidates, bounds, ranks) ?? await radixSelect(gpu, all, ranks);
  const values = [...new Float32Array(Uint32Array.from(keys).buffer)].map((value, list) => ranks[list] ? value : 0);
  const { classes, prior } = scores;
  const ringOf = (first: number) => {
    const part = <T>(all: readonly T[]) => all.slice(first, first + classes);
    return thresholdsAtRanks(settings, prior !== undefined, part(pixels), part(ranked), part(lists), part(values));
  };
  const firsts = Array.from({ length: scores.ringCount ?? 1 }, (_, ring) => ring * classes);
  return thresholdsOfRings(firsts.map(ringOf), settings);
}

/**
 * How the pixels are sampled. The step between sampled rows and columns is chosen for the size of the first batch and
 * holds for all, so that images of every size are sampled at one rate.
 */
class Sampling {
  #step = 0;

  constructor(readonly images: number, readonly mostSamples: number) {}

  /** Step between the rows, and between the columns, that are in the sample; about, as they are spread. */
  step({ height, width }: ScoreBatch): number {
    if (this.#step > 0) return this.#step;
    const pixels = this.images * height * width;
    this.#step = sampleStep(pixels, sampleSize(pixels, this.mostSamples));
    return this.#step;
  }

  /** Whether every pixel is in the sample. */
  get isWhole(): boolean {
    return this.#step <= 1;
  }
}

/**
 * Number of pixels in the sample of `pixels` pixels n: all if they are few, else 4·n^⅔. The exponent is Floyd and
 * Rivest's.
 */
function sampleSize(pixels: number, mostSamples: number): number {
  return pixels <= mostSamples ? pixels : Math.min(mostSamples, Math.ceil(4 * pixels ** (2 / 3)));
}

/**
 * The step between sampled rows and columns, about. It is odd, since an even step could fall in with the network's
 * output stride, and the sample would then hold the same place of every output cell.
 */
function sampleStep(pixels: number, samples: number): number {
  const step = Math.ceil(Math.sqrt(pixels / samples));
  return step + 1 - step % 2;
}

/**
 * Two keys for each list, found in the sample, between which the value at `portion` of the full list almost surely
 * lies.
 */
async function boundsOf(sample: Candidates, counts: readonly number[], portion: number): Promise<Bounds[]> {
  // Both selections run at the same time, so that they wait for the GPU together.
  const [highs, lows] = await Promise.all([
    sample.select(counts.map((n) => Math.max(0, Math.floor(n * portion - marginOf(n, portion))))),
    sample.select(counts.map((n) => Math.ceil(n * portion + marginOf(n, portion)))),
  ]);
  // A rank outside the list gives the key 0. As a low bound, 0 excludes nothing.
  return highs.map((high, list) => ({ low: lows[list] ?? unbounded.low, high: high || unbounded.high }));
}

/** How many ranks lie between the wanted rank and a bound, in a sample of `count` keys. */
function marginOf(count: number, portion: number): number {
  return deviations * (Math.sqrt(count * portion * (1 - portion)) + 1);
}

/** The key at each list's rank. `null` if a wanted key lies outside its bounds, or not all candidates could be kept. */
async function keysAtRanks(
  candidates: Candidates,
  bounds: readonly Bounds[],
  ranks: readonly number[],
): Promise<number[] | null> {
  if (!candidates.isComplete) return null;
  const tallies = listTallies(candidates.tallies, ranks.length);
  const selected = await candidates.select(
    ranks.map((rank, list) => Math.max(0, rank - atLeastHigh(tallies[list]))),
  );
  const keys = ranks.map((rank, list) => {
    const tally = tallies[list];
    const bound = bounds[list];
    if (rank === 0 || tally === undefined || bound === undefined) return 0;
    if (rank <= tally.above) return null;
    if (rank <= atLeastHigh(tally)) return bound.high;
    if (rank <= atLeastHigh(tally) + tally.between) return selected[list] ?? null;
    return rank <= atLeastHigh(tally) + tally.between + tally.equalToLow ? bound.low : null;
  });
  return keys.every((key) => key !== null) ? keys : null;
}

function atLeastHigh(tally: Tally | undefined): number {
  return tally === undefined ? 0 : tally.above + tally.equalToHigh;
}

/** The counts of each list: those of its class or, with a single list, the sum over all classes. */
function listTallies(tallies: readonly Tally[], listCount: number): readonly Tally[] {
  if (listCount === tallies.length) return tallies;
  return [
    tallies.reduce((sum, tally) => ({
      above: sum.above + tally.above,
      equalToHigh: sum.equalToHigh + tally.equalToHigh,
      between: sum.between + tally.between,
      equalToLow: sum.equalToLow + tally.equalToLow,
      below: sum.below + tally.below,
      unranked: sum.unranked + tally.unranked,
    })),
  ];
}

function rankedCount({ above, equalToHigh, between, equalToLow, below }: Tally): number {
  return above + equalToHigh + between + equalToLow + below;
}

/** Pseudo-labels of one batch. */
export interface LabelledBatch {
  /** Number of images. */
  readonly images: number;
  /** Rows of each image. */
  readonly height: number;
  /** Columns of each image. */
  readonly width: number;
  /** `[N, H, W]`, 255 = ignored. */
  readonly labels: Uint8Array<ArrayBuffer>;
  /** How many of these pixels got each label. Empty pixels are not counted, not even as ignored. */
  readonly counts: LabelCounts;
  /** Range images only: `[N, H, W]`, the point in each pixel, `noPoint` where it is empty. */
  readonly winners?: Uint32Array<ArrayBuffer>;
}

/**
 * Labels every image: a pixel gets the class with the largest ratio score / threshold if that ratio is at least 1, else
 * 255. An empty pixel gets 255.
 *
 * @param lambda the threshold of each class, above 0; with rings, of each class in each ring, as `allThresholds` gives
 * them.
 */
export async function* assignLabels(
  gpu: Gpu,
  batches: ScoreBatches,
  scores: ScoreOptions,
  lambda: Float32Array<ArrayBuffer>,
): AsyncGenerator<LabelledBatch> {
  const { classes } = scores;
  using buffers = new BufferScope(gpu);
  const rows = thresholdRows(lambda, classes);
  const thresholds = buffers.create(rows.byteLength, "thresholds");
  gpu.write(thresholds, rows);
  let submitted: SubmittedBatch[] = [];
  const queue = new QueueBound(labelBytes);
  const waiting = new OneBehind<LabelledBatch[]>();
  const read = async (): Promise<LabelledBatch[]> => {
    const group = submitted;
    submitted = [];
    const reading = gpu.read(
      ...group.map(({ counts }) => counts),
      ...group.map(({ size, labels }) => ({ ...wholeRange(labels), size: pixelCount(size) })),
      ...group.flatMap(({ size, winners }) =>
        winners === null ? [] : [{ ...wholeRange(winners), size: pixelCount(size) * 4 }]
      ),
    );
    for (const { labels, counts, winners } of group) {
      for (const buffer of winners === null ? [labels, counts] : [labels, counts, winners]) buffers.free(buffer);
    }
    const found = await reading;
    let nextWinners = 2 * group.length;
    return group.map(({ size, winners }, index) => {
      const counts = found[index];
      const labels = found[group.length + index];
      const points = winners === null ? undefined : found[nextWinners++];
      if (counts === undefined || labels === undefined || winners !== null && points === undefined) {
        throw new Error("The pseudo-labels could not be read");
      }
      if (points === undefined) return { ...size, labels, counts: countsOf(counts, classes, labels.length) };
      const pixels = new Uint32Array(points.buffer);
      const filled = pixels.reduce((sum, point) => sum + (point === noPoint ? 0 : 1), 0);
      return { ...size, labels, winners: pixels, counts: countsOf(counts, classes, filled) };
    });
  };
  for await (const batch of batches.batches()) {
    const { images, height, width } = batch;
    const views = viewsBuffer(gpu, batch, scores);
    const labels = buffers.create(Math.ceil(pixelCount(batch) / 4) * 4, "pseudo-labels");
    const counts = buffers.create(classes * 4, "labelled");
    const { filled } = batch;
    const size = pixelCount(batch) * 4;
    const winners = filled === undefined ? null : buffers.create(size, "points of the pixels");
    // The batch's own buffers may be gone before these are read.
    const copies = filled === undefined || winners === null
      ? []
      : [{ from: { ...filled, size }, to: winners, toOffset: 0 }];
    gpu.submit([await assignDispatch(gpu, batch, scores, { views, thresholds, labels, counts })], copies);
    gpu.destroyBuffer(views);
    submitted.push({ size: { images, height, width }, labels, counts, winners });
    if (queue.add(labels.size + (winners?.size ?? 0))) yield* await waiting.exchange(read()) ?? [];
  }
  yield* await waiting.take() ?? [];
  if (submitted.length > 0) yield* await read();
}

interface SubmittedBatch {
  readonly size: Pick<LabelledBatch, "images" | "height" | "width">;
  readonly labels: GPUBuffer;
  readonly counts: GPUBuffer;
  readonly winners: GPUBuffer | null;
}

/** The thresholds as the kernel reads them: those of a ring begin at a vec4f. */
function thresholdRows(lambda: Float32Array<ArrayBuffer>, classes: number): Float32Array<ArrayBuffer> {
  if (lambda.length === classes) return lambda;
  return pack(lambda, [lambda.length / classes, classes], "channels");
}

function pixelCount({ images, height, width }: SubmittedBatch["size"]): number {
  return images * height * width;
}

/**
 * The launch that labels a batch. It writes `labels` `[N, H, W]`, one byte per pixel, padded to whole 4-byte words, and
 * adds the number of pixels of each class to `counts` `[C]`.
 */
export function assignDispatch(
  gpu: Gpu,
  batch: ScoreBatch,
  scores: ScoreOptions,
  buffers: Readonly<Record<"views" | "thresholds" | "labels" | "counts", GPUBuffer>>,
): Promise<Dispatch> {
  const { views, thresholds, labels, counts } = buffers;
  // A pixel may be decided twice, the second time by a long division of 24 steps for each class.
  const run = pixelsPerInvocation(batch, scores, { scorings: 2, perClass: 28 });
  const zones = zoneParts(batch, scores, 6);
  return gpu.dispatch(
    {
      name: "selftraining/assign_labels",
      text: assignShader,
      includes: { ...scoreIncludes(scores, { ASSIGN: "assign_labels" }), ...zones.includes },
    },
    { ...scoreConstants(batch, scores), ...zones.constants, RUN: run },
    [batch.logits, views, scores.prior ?? batch.logits, thresholds, labels, counts, ...zones.bindings],
    grid(Math.ceil(batch.images * batch.height * batch.width / run), 64),
  );
}
