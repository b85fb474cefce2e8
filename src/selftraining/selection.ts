/**
 * The selection of pseudo-labels on the GPU, exact to the last bit (CBST, Zou et al. 2018, section 4 and algorithm 2).
 *
 * The threshold of a class is the value at a rank of its sorted confidences. Nothing is sorted: non-negative floats order as
 * their bits, so three histograms over 11, 11 and 10 bits, each of the keys that share the bits found so far, lead to the
 * exact value. Memory does not grow with the number of images; only histograms come back.
 *
 * @module
 */

import assignShader from "../../shaders/selftraining/assign_labels.wgsl" with { type: "text" };
import countsShader from "../../shaders/selftraining/class_counts.wgsl" with { type: "text" };
import startsShader from "../../shaders/selftraining/class_starts.wgsl" with { type: "text" };
import nthShader from "../../shaders/selftraining/every_nth.wgsl" with { type: "text" };
import histogramShader from "../../shaders/selftraining/score_histogram.wgsl" with { type: "text" };
import topShader from "../../shaders/selftraining/top_score.wgsl" with { type: "text" };
import type { Gpu } from "../gpu/gpu.ts";
import { type Dispatch, grid, wholeRange } from "../gpu/launch.ts";
import { pixelGrid, type ScoreBatch, scoreConstants, type ScoreOptions, viewsBuffer } from "./scores.ts";
import {
  type RankedList,
  rankedLists,
  type SelectionSettings,
  type ThresholdsReport,
  thresholdsReport,
} from "./thresholds.ts";

/** All images, batch by batch; called once per pass and must give the same scores each time. */
export type ScoreBatches = () => AsyncIterable<ScoreBatch>;

/** Bits of the key that each pass finds, from the highest. */
const passes = [{ shift: 21, bits: 11 }, { shift: 10, bits: 11 }, { shift: 0, bits: 10 }] as const;
/** Pixels that one invocation of the stride kernels walks over. */
const blockPixels = 256;
/** Histograms are read back after this many pixels, before a count could wrap. */
const pixelsPerRead = 2 ** 31;

/**
 * The thresholds of all classes.
 *
 * @returns the report; its `labelled` and `ignored` are filled by `assignLabels`.
 */
export async function selectThresholds(
  gpu: Gpu,
  batches: ScoreBatches,
  scores: ScoreOptions,
  settings: SelectionSettings,
): Promise<ThresholdsReport> {
  const { classes } = scores;
  const listCount = settings.policy === "st" ? 1 : classes;
  let lists: RankedList[] = [];
  let sampled: number[] = [];
  let pixels: number[] = [];
  // Per list: the bits found so far, and the rank among the keys that share them.
  let prefixes = new Array<number>(listCount).fill(0);
  let remaining: number[] = [];
  for (const [index, { shift, bits }] of passes.entries()) {
    const pass = await histogramPass(gpu, batches, scores, settings, {
      listCount,
      shift,
      bits,
      prefixes,
      first: index === 0,
    });
    if (index === 0) {
      pixels = pass.totals;
      sampled = pass.sampled;
      lists = rankedLists(sampled, settings);
      // A rank on an extra zero is no key of the list: its value is 0, as if there were none.
      remaining = lists.map(({ rank, sampled: count }) => rank > count ? 0 : rank);
    }
    const found = remaining.map((rank, list) => findBucket(pass.histograms[list] ?? [], rank));
    prefixes = prefixes.map((prefix, list) => ((prefix << bits) | (found[list]?.bucket ?? 0)) >>> 0);
    remaining = found.map(({ rank }) => rank);
  }
  const isSet = lists.map(({ rank, sampled: count }) => rank > 0 && rank <= count);
  const values = [...new Float32Array(Uint32Array.from(prefixes).buffer)].map((value, list) => isSet[list] ? value : 0);
  return thresholdsReport(settings, scores.prior !== undefined, pixels, sampled, lists, values);
}

/** The bucket, from the highest, in which the `rank`-th largest key lies, and its rank within the bucket. */
function findBucket(histogram: readonly number[], rank: number): { bucket: number; rank: number } {
  let before = 0;
  for (let bucket = histogram.length - 1; bucket >= 0 && rank > 0; bucket--) {
    const count = histogram[bucket] ?? 0;
    if (before + count >= rank) return { bucket, rank: rank - before };
    before += count;
  }
  return { bucket: 0, rank: 0 };
}

interface Pass {
  readonly listCount: number;
  readonly shift: number;
  readonly bits: number;
  readonly prefixes: readonly number[];
  readonly first: boolean;
}

interface PassResult {
  /** `[list][bucket]`. */
  readonly histograms: number[][];
  /** Pixels of each class. */
  readonly totals: number[];
  /** Ranked pixels of each class, where there is a list per class; of the pooled list its sum stands at class 0. */
  readonly sampled: number[];
}

async function histogramPass(
  gpu: Gpu,
  batches: ScoreBatches,
  scores: ScoreOptions,
  settings: SelectionSettings,
  pass: Pass,
): Promise<PassResult> {
  const { listCount, bits } = pass;
  const { classes } = scores;
  const buckets = 2 ** bits;
  const prefixes = gpu.createBuffer(listCount * 4, "prefixes");
  gpu.write(prefixes, Uint32Array.from(pass.prefixes));
  const histograms = gpu.createBuffer(listCount * buckets * 4, "histograms");
  const totals = gpu.createBuffer(512 * 4, "class totals");
  const sums = new Float64Array(listCount * buckets);
  const totalSums = new Float64Array(512);
  const collect = async () => {
    const [counts, pixelCounts] = await gpu.read({ ...wholeRange(histograms), size: sums.length * 4 }, totals);
    addCounts(sums, counts);
    addCounts(totalSums, pixelCounts);
    for (const buffer of [histograms, totals]) gpu.write(buffer, new Uint8Array(buffer.size));
  };
  let waiting = 0;
  for await (const batch of batches()) {
    const size = batch.images * batch.height * batch.width;
    if (waiting + size > pixelsPerRead) {
      await collect();
      waiting = 0;
    }
    waiting += size;
    await countBatch(gpu, batch, scores, settings, pass, { prefixes, histograms, totals });
  }
  await collect();
  for (const buffer of [prefixes, histograms, totals]) gpu.destroyBuffer(buffer);
  const rows = Array.from({ length: listCount }, (_, list) => [...sums.subarray(list * buckets, (list + 1) * buckets)]);
  const ranked = Array.from({ length: classes }, (_, id) => totalSums[id] ?? 0);
  const skipped = Array.from({ length: classes }, (_, id) => totalSums[256 + id] ?? 0);
  return { histograms: rows, totals: ranked.map((count, id) => count + (skipped[id] ?? 0)), sampled: ranked };
}

function addCounts(sums: Float64Array, bytes: Uint8Array<ArrayBuffer> | undefined): void {
  new Uint32Array(bytes?.buffer ?? new ArrayBuffer(0)).forEach((count, index) =>
    sums[index] = (sums[index] ?? 0) + count
  );
}

/** Adds one batch to the histograms. */
async function countBatch(
  gpu: Gpu,
  batch: ScoreBatch,
  scores: ScoreOptions,
  settings: SelectionSettings,
  pass: Pass,
  targets: { readonly prefixes: GPUBuffer; readonly histograms: GPUBuffer; readonly totals: GPUBuffer },
): Promise<void> {
  const size = batch.images * batch.height * batch.width;
  const views = viewsBuffer(gpu, batch);
  const keys = gpu.createBuffer(size * 4, "keys");
  const ids = gpu.createBuffer(size * 4, "classes");
  const owned = [views, keys, ids];
  const launches: Dispatch[] = [
    await gpu.dispatch(
      { name: "selftraining/top_score", text: topShader },
      scoreConstants(batch, scores),
      [batch.logits, views, scores.prior ?? batch.logits, keys, ids],
      pixelGrid(batch),
    ),
  ];
  if (settings.stride > 1) {
    const { dispatches, counts } = await everyNth(gpu, batch, scores.classes, settings.stride, ids);
    launches.push(...dispatches);
    owned.push(counts);
  }
  launches.push(
    await gpu.dispatch(
      { name: "selftraining/score_histogram", text: histogramShader },
      { PIXELS: size, LISTS: pass.listCount, SHIFT: pass.shift, BITS: pass.bits, FIRST_PASS: pass.first },
      [keys, ids, targets.prefixes, targets.histograms, targets.totals],
      grid(size, 64),
    ),
  );
  gpu.submit(launches);
  for (const buffer of owned) gpu.destroyBuffer(buffer);
}

/** The launches that leave every `stride`-th pixel of each class and image ranked. */
async function everyNth(gpu: Gpu, batch: ScoreBatch, classes: number, stride: number, ids: GPUBuffer) {
  const pixels = batch.height * batch.width;
  const blocks = Math.ceil(pixels / blockPixels);
  const shared = { BATCH: batch.images, CLASSES: classes };
  const sizes = { ...shared, PIXELS_PER_IMAGE: pixels, BLOCK: blockPixels };
  const counts = gpu.createBuffer(batch.images * blocks * classes * 4, "class counts");
  const workgroups = grid(batch.images * blocks * classes, 64);
  const dispatches = [
    await gpu.dispatch({ name: "selftraining/class_counts", text: countsShader }, sizes, [ids, counts], workgroups),
    await gpu.dispatch(
      { name: "selftraining/class_starts", text: startsShader },
      { ...shared, BLOCKS: blocks },
      [counts],
      grid(batch.images * classes, 64),
    ),
    await gpu.dispatch(
      { name: "selftraining/every_nth", text: nthShader },
      { ...sizes, STRIDE: stride },
      [counts, ids],
      workgroups,
    ),
  ];
  return { dispatches, counts };
}

/** Pseudo-labels of one batch. */
export interface LabelledBatch {
  /** What was labelled. */
  readonly batch: ScoreBatch;
  /** `[N, H, W]`, 255 = ignored. */
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** Labels every image by the thresholds of `report`, and counts into its `labelled` and `ignored`. */
export async function* assignLabels(
  gpu: Gpu,
  batches: ScoreBatches,
  scores: ScoreOptions,
  report: ThresholdsReport,
): AsyncGenerator<LabelledBatch> {
  const { classes } = scores;
  const thresholds = gpu.createBuffer(classes * 4, "thresholds");
  gpu.write(thresholds, Uint32Array.from(report.lambda_hex, Number));
  const counts = gpu.createBuffer(classes * 4, "labelled");
  for await (const batch of batches()) {
    const size = batch.images * batch.height * batch.width;
    const views = viewsBuffer(gpu, batch);
    const labels = gpu.createBuffer(Math.ceil(size / 4) * 4, "pseudo-labels");
    gpu.write(counts, new Uint8Array(counts.size));
    gpu.submit([
      await gpu.dispatch(
        { name: "selftraining/assign_labels", text: assignShader },
        scoreConstants(batch, scores),
        [batch.logits, views, scores.prior ?? batch.logits, thresholds, labels, counts],
        grid(Math.ceil(size / 4), 64),
      ),
    ]);
    const [bytes, found] = await gpu.read({ ...wholeRange(labels), size }, counts);
    const added = new Uint32Array(found?.buffer ?? new ArrayBuffer(0));
    report.labelled = report.labelled.map((count, id) => count + (added[id] ?? 0));
    report.ignored += size - added.subarray(0, classes).reduce((sum, count) => sum + count, 0);
    for (const buffer of [views, labels]) gpu.destroyBuffer(buffer);
    if (bytes !== undefined) yield { batch, labels: bytes };
  }
  for (const buffer of [thresholds, counts]) gpu.destroyBuffer(buffer);
}
