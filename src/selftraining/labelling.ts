/**
 * Step (a) of a round: the network labels all target images.
 *
 * @module
 */

import { IGNORE_LABEL } from "../data/class_map.ts";
import type { SampleLabelMap, SampleSource } from "../data/sample.ts";
import { softLabelWords } from "../data/soft_label_map.ts";
import type { Size, WorkingSize } from "../data/size.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Network } from "../nn/network.ts";
import { addCounts, noLabels, subtractCounts } from "./label_counts.ts";
import { type LogitsOptions, LogitsSource } from "./logits_source.ts";
import { labelsOfPoints } from "./labels_of_points.ts";
import { allThresholds } from "./ring_thresholds.ts";
import { ringCountOf } from "./rings.ts";
import type { ScoreOptions } from "./scores.ts";
import { assignLabels, type LabelledBatch, selectThresholds } from "./selection.ts";
import { assignShareLabels, type ShareLabelledBatch } from "./soft_labels.ts";
import type { LabelSink } from "./store.ts";
import { type SelectionSettings, type ThresholdsReport, thresholdsReport } from "./thresholds.ts";
import { plainView } from "./views.ts";

/**
 * How the target is labelled. Pixels are labelled at the working size; the sink keeps labels at the images' own. The
 * labels of range images go to the points of their scans.
 */
export interface LabellingOptions extends SelectionSettings, LogitsOptions {
  /** Spatial prior `[H, W, C₄]` at the working size, or at `priorSize`. Default: none. */
  readonly prior?: GPUBuffer | undefined;
  /** The size of the prior, where images are not worked on at exactly that size. */
  readonly priorSize?: Size | undefined;
  /** Weight of the label entropy, above 0; only for `lrent`. Default 0.25, the paper's. */
  readonly alpha?: number | undefined;
  /**
   * Whether pixels, or points, that have a label of their own get no pseudo-label. Thresholds are chosen among all of them.
   * Default `false`.
   */
  readonly onlyUnlabelled?: boolean | undefined;
}

/** The result of labelling: the thresholds, and how many pseudo-labels are right if the target has labels. */
export interface LabellingResult extends ThresholdsReport {
  /** Weight of the label entropy; only with `lrent`. */
  readonly alpha?: number;
  /**
   * For each class, the share of its pseudo-labels that are right; `null` if that is unknown. Where the network's classes
   * are merged when it is scored, these are the merged classes.
   */
  readonly precision: readonly (number | null)[];
  /**
   * For each of the same classes, the share of the pixels that truly are of it that are labelled with it; `null` if that is
   * unknown. Absent in results of earlier versions.
   */
  readonly recall?: readonly (number | null)[];
}

/** Chooses the pseudo-labels of all images and hands them to the sink, in the order of the images. */
export async function labelTarget<Item>(
  gpu: Gpu,
  network: Network,
  samples: SampleSource<Item>,
  items: readonly Item[],
  sink: LabelSink,
  options: LabellingOptions,
): Promise<LabellingResult> {
  const { policy, rule, portion, stride, size, prior, priorSize, views = plainView, alpha = 0.25, ringMetres = 0 } =
    options;
  const scores: ScoreOptions = {
    classes: network.classCount,
    alignCorners: network.model.alignCorners,
    averageLogits: views.average === "logits",
    ringCount: ringCountOf(ringMetres),
    takesMaximum: views.average === "maximum",
    ...(prior === undefined ? {} : { prior }),
    ...(prior === undefined || priorSize === undefined ? {} : { priorSize }),
  };
  await using source = new LogitsSource(gpu, network, samples, items, options);
  const thresholds = await selectThresholds(gpu, source, scores, { policy, rule, portion, stride, ringMetres });
  const truths = truthsOf(samples, items, size);
  let counts = noLabels(network.classCount);
  let written = 0;
  const batches: AsyncIterable<LabelledBatch & Partial<ShareLabelledBatch>> = policy === "lrent"
    ? assignShareLabels(gpu, source, scores, thresholds.lambda, alpha)
    : assignLabels(gpu, source, scores, allThresholds(thresholds));
  for await (const batch of batches) {
    const { images, height, width, labels, shares, winners } = batch;
    const pixels = height * width;
    const wordsOf = pixels * softLabelWords;
    counts = addCounts(counts, batch.counts);
    for (let index = 0; index < images; index++) {
      const own = labels.slice(index * pixels, (index + 1) * pixels);
      const originalSize = source.originalSizes[written++];
      const map: SampleLabelMap = winners === undefined
        ? { height, width, labels: own }
        : labelsOfPoints(own, winners.subarray(index * pixels, (index + 1) * pixels), originalSize?.height ?? 0);
      const soft = shares?.slice(index * wordsOf, (index + 1) * wordsOf);
      const truth = (await truths.next()).value ?? null;
      if (options.onlyUnlabelled === true && truth !== null) {
        counts = subtractCounts(counts, leaveLabelled(map.labels, truth));
        await sink.write(map, null, originalSize, soft);
      } else await sink.write(map, truth, originalSize, soft);
    }
  }
  const { precision, recall } = await sink.finish();
  return { ...thresholdsReport(thresholds, counts), ...policy === "lrent" ? { alpha } : {}, precision, recall };
}

/**
 * Takes back the pseudo-labels of pixels that have a label of their own.
 *
 * @param labels pseudo-labels; they are changed.
 * @param own labels in the same form.
 * @returns how many of each class were taken back.
 */
export function leaveLabelled(labels: Uint8Array, own: Uint8Array): number[] {
  if (own.length !== labels.length) {
    throw new Error(`Cannot leave out labelled pixels: there are ${labels.length} pseudo-labels, ${own.length} labels`);
  }
  const taken = new Array<number>(256).fill(0);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const label = labels[pixel] ?? IGNORE_LABEL;
    if (own[pixel] === IGNORE_LABEL || label === IGNORE_LABEL) continue;
    taken[label] = (taken[label] ?? 0) + 1;
    labels[pixel] = IGNORE_LABEL;
  }
  return taken;
}

/** The labels that come with the target images. They only judge the pseudo-labels. */
async function* truthsOf<Item>(
  samples: SampleSource<Item>,
  items: readonly Item[],
  size: WorkingSize,
): AsyncGenerator<Uint8Array<ArrayBuffer> | null> {
  if (!items.some((item) => samples.hasLabels(item))) return;
  for await (const { labels } of samples.load(items, { size })) yield labels;
}
