/**
 * Scores of a network on a labelled split. Pixels are predicted at the size of the labels and counted into a confusion
 * matrix on the GPU, so that only C × C numbers are read back.
 *
 * @module
 */

import { type ClassMap, IGNORE_LABEL } from "../data/class_map.ts";
import { type LabelSet, labelSet, mapBetween, recognised } from "../data/label_sets.ts";
import type { Sample, SampleSource } from "../data/sample.ts";
import type { ShapeOptions } from "../data/shapes.ts";
import { BufferScope } from "../gpu/buffer_scope.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { BufferRange } from "../gpu/launch.ts";
import { OneBehind } from "../gpu/one_behind.ts";
import { QueueBound } from "../gpu/queue_bound.ts";
import { type AbsentRule, meanOf, scoreConfusion } from "../metrics/confusion.ts";
import type { Network } from "../nn/network.ts";
import { offsetAlignment } from "../graph/slices.ts";
import { confusionBytes, confusionDispatch } from "../ops/metrics/confusion_matrix.ts";
import type { PointRule } from "../ops/scans/backproject.ts";
import { defaultBatch, defaultShapes, equalBatches, type SampleBatch, type ScanOutputs } from "./inference.ts";
import { type Prediction, Predictor } from "./prediction.ts";
import { PointLabels } from "./point_labels.ts";
import { type NamedScanScores, namedScanScores, pointScores, type ScanCounts } from "./scan_scores.ts";
import { silent } from "./progress.ts";
import type { RunParts } from "./training.ts";
import { plainView, viewCount, type ViewOptions } from "./views.ts";

/** Scores of a network on a labelled split. */
export interface SplitScores {
  /** Mean IoU over the classes, from 0 to 1. */
  readonly miou: number | null;
  /** IoU of each class by its name, from 0 to 1; `null` for a class without a pixel. */
  readonly iou: Readonly<Record<string, number | null>>;
  /** Share of the labelled pixels whose predicted class is right, from 0 to 1. */
  readonly pixelAccuracy: number | null;
  /** How many images were scored. */
  readonly images: number;
  /**
   * What was counted: pixels, of LiDAR scans points, `[truth][predicted]`. Points without a predicted class are not in it.
   * Absent in results of earlier versions.
   */
  readonly confusion?: readonly (readonly number[])[];
  /**
   * Mean IoU over some of the classes, by the name of the label set that holds them: `cityscapes-13` is the mean over the
   * 16 classes of SYNTHIA without wall, fence and pole. Absent where the classes have no such subset.
   */
  readonly subsets?: Readonly<Record<string, number | null>>;
  /**
   * LiDAR scans only: the scores over points. `miou` and `iou` above are these as well, by the rule that is asked for;
   * `pixelAccuracy` is that of the pixels.
   */
  readonly points?: NamedScanScores;
  /** LiDAR scans only: the scores over the pixels of the range images. */
  readonly pixels?: NamedScanScores;
}

/** How predictions are made and scored. */
export interface ScoringSettings {
  /** Views of an image whose predictions are averaged, when labelling and when scoring. Default: the image as it is. */
  readonly views?: ViewOptions;
  /** Views of an image when scoring. Default: `views`. */
  readonly testViews?: ViewOptions;
  /** Images in one launch of the network, when labelling and when scoring. Default 4. */
  readonly scoringBatch?: number;
  /** How a class without a pixel counts in the mean IoU. Default as in `scoreConfusion`. */
  readonly absent?: AbsentRule;
  /** What the network's classes are merged into when it is scored: those of the labels. Default: the same classes. */
  readonly merge?: ClassMap | undefined;
  /** LiDAR scans: how a point gets the label of a pixel when it is scored. Default `nearest`. */
  readonly pointRule?: PointRule;
}

/** Options of `evaluate`. */
export interface EvaluationOptions extends ShapeOptions {
  /** Images in one launch of the network. Default 4. */
  readonly batch?: number | undefined;
  /** Views of an image whose predictions are averaged. Default: the image as it is. */
  readonly views?: ViewOptions | undefined;
  /** What the network's classes are merged into: those of the labels. Default: the same classes. */
  readonly merge?: ClassMap | undefined;
  /** LiDAR scans: how a point gets the label of a pixel. Default `nearest`. */
  readonly pointRule?: PointRule | undefined;
  /** Called with the number of images that are done. */
  readonly onProgress?: (images: number) => void;
  /** When it is given, the evaluation stops and throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Scores the network of a run at its working sizes, reports the result and logs it. Returns `null` without
 * images.
 *
 * @param stage name of the stage in the log and in the progress.
 */
export async function scoreSplit<Item>(
  { trainer, samples, store, shapes, progress = silent, signal }: RunParts<Item>,
  stage: string,
  items: readonly Item[] | null,
  { views, testViews = views, scoringBatch, absent, merge, pointRule }: ScoringSettings,
): Promise<SplitScores | null> {
  if (items === null) return null;
  const { gpu, network } = trainer;
  const bar = progress.stage(stage, items.length, { unit: "images", perStep: 1 });
  const scores = await scoreImages(gpu, network, samples, items, {
    ...shapes ?? defaultShapes(network, trainer.options),
    ...{ batch: scoringBatch, views: testViews, merge, pointRule, absent, signal },
    onProgress: (images) => bar.update(images),
  });
  bar.end();
  const { miou, pixelAccuracy } = scores;
  await store.log({ stage, miou, pixelAccuracy });
  return scores;
}

/** Scores a network on labelled images: photographs over pixels, LiDAR scans over points and over pixels. */
export async function scoreImages<Item>(
  gpu: Gpu,
  network: Network,
  source: SampleSource<Item>,
  items: readonly Item[],
  options: EvaluationOptions & {
    /** How a class counts that is not there. Default as in `scoreConfusion`. */
    readonly absent?: AbsentRule | undefined;
  },
): Promise<SplitScores> {
  const classes = options.merge?.toClasses ?? network.metadata.classes;
  const { confusion, scans } = await count(gpu, network, source, items, options);
  if (scans === null) return splitScores(confusion, classes, items.length, options.absent);
  const both = namedScanScores(scans, classes);
  const { miou, iou } = pointScores(both.points, options.absent);
  return {
    ...{ miou, iou, pixelAccuracy: both.pixels.accuracy, images: items.length },
    confusion: rowsOf(scans.points, classes.length + 1).map((row) => row.slice(0, -1)),
    ...subsetScores(classes, classes.map((name) => iou[name] ?? null)),
    ...both,
  };
}

/** The scores in a confusion matrix `[C, C]` that was counted on this many images. */
export function splitScores(
  confusion: readonly number[],
  classes: readonly string[],
  images: number,
  absent: AbsentRule | undefined,
): SplitScores {
  const { miou, iou, pixelAccuracy } = scoreConfusion(confusion, absent === undefined ? {} : { absent });
  const byName = Object.fromEntries(classes.map((name, id) => [name, iou[id] ?? null]));
  const rows = rowsOf(confusion, classes.length);
  return { ...{ miou, iou: byName, pixelAccuracy, images, confusion: rows }, ...subsetScores(classes, iou) };
}

/** A matrix by its rows. */
function rowsOf(counts: ArrayLike<number>, columns: number): number[][] {
  const all = Array.from(counts);
  return Array.from({ length: all.length / columns }, (_, row) => all.slice(row * columns, (row + 1) * columns));
}

/** The means over fewer classes. */
function subsetScores(classes: readonly string[], iou: readonly (number | null)[]): Pick<SplitScores, "subsets"> {
  const subsets = subsetsOf(classes).map((set) => {
    const { toId } = mapBetween({ classes }, set);
    return [set.name, meanOf(iou.filter((_, id) => toId[id] !== IGNORE_LABEL))] as const;
  });
  return subsets.length === 0 ? {} : { subsets: Object.fromEntries(subsets) };
}

/** The label sets of fewer classes over which scores in these classes are averaged too. */
function subsetsOf(classes: readonly string[]): LabelSet[] {
  return recognised(classes)?.subsets.map(labelSet) ?? [];
}

/**
 * The confusion matrix `[C, C]` (rows: ground truth) of a network on labelled images, scored at the labels' own size; of
 * LiDAR scans over the pixels of their range images. With `merge`, its classes are those that the network's are merged
 * into.
 */
export async function evaluate<Item>(
  gpu: Gpu,
  network: Network,
  source: SampleSource<Item>,
  items: readonly Item[],
  options: EvaluationOptions,
): Promise<number[]> {
  return (await count(gpu, network, source, items, options)).confusion;
}

/** The confusion matrix `[C, C]` over pixels, and what was counted of scans. */
interface Counted {
  readonly confusion: number[];
  readonly scans: ScanCounts | null;
}

async function count<Item>(
  gpu: Gpu,
  network: Network,
  source: SampleSource<Item>,
  items: readonly Item[],
  options: EvaluationOptions,
): Promise<Counted> {
  const { batch = defaultBatch, merge, pointRule = "nearest" } = options;
  const classes = merge?.toClasses.length ?? network.classCount;
  const withMisses = network.model.takes.scans !== undefined;
  using buffers = new BufferScope(gpu);
  // Of scans the pixels are counted, and behind them the points.
  const matrix = confusionBytes(classes, withMisses);
  const second = Math.ceil(matrix / offsetAlignment) * offsetAlignment;
  const counts = buffers.create(withMisses ? second + matrix : matrix, "confusion matrix");
  const views = options.views ?? plainView;
  await using predictor = new Predictor(gpu, network, batch, views, merge);
  using pointLabels = new PointLabels(gpu, pointRule);
  let truth = buffers.create(16, "ground truth");
  const total = new Array<number>(counts.size / 4).fill(0);
  const collect = async () => {
    const reading = gpu.read({ buffer: counts, offset: 0, size: counts.size });
    gpu.write(counts, new Uint8Array(counts.size));
    const [bytes] = await reading;
    new Uint32Array(bytes?.buffer ?? new ArrayBuffer(0)).forEach((count, index) =>
      total[index] = (total[index] ?? 0) + count
    );
  };
  /** Writes the labels of photographs to the GPU, in the places of the predicted ones. */
  const upload = ({ labels: { size: pixels }, starts }: Prediction, group: SampleBatch) => {
    // Room for a whole batch, of which the last one may have fewer images.
    const room = Math.max(pixels, group.labelSizes === undefined ? batch * labelPixels(group) : 0);
    if (truth.size < room) {
      buffers.free(truth);
      truth = buffers.create(room, "ground truth");
    }
    const all = new Uint8Array(pixels).fill(IGNORE_LABEL);
    for (const [index, sample] of group.samples.entries()) all.set(labelsOf(sample), starts[index] ?? 0);
    gpu.write(truth, all);
    return { range: { buffer: truth, offset: 0, size: truth.size }, pixels };
  };
  const collecting = new OneBehind<void>();
  // Bounds the bytes that are submitted between two reads of the counts, and so keeps the counts below 2³².
  const queue = new QueueBound();
  let images = 0;
  const loaded = source.load(items, { size: options.size, labels: "original" });
  const grouping = { batch, shapes: options, multiple: network.model.sizeMultiple };
  for await (const group of equalBatches(loaded, grouping)) {
    options.signal?.throwIfAborted();
    const { samples } = group;
    const prediction = await predictor.run(group);
    const { range, pixels } = prediction.scans === null
      ? upload(prediction, group)
      : scanTruth(prediction.scans, group);
    const pixelCounts = { buffer: counts, offset: 0, size: matrix };
    gpu.submit([
      await confusionDispatch(gpu, prediction.labels, range, pixelCounts, { classes, pixels, withMisses }),
    ]);
    if (prediction.scans !== null) {
      const found = await pointLabels.label(prediction, group);
      const pointCounts = { buffer: counts, offset: second, size: matrix };
      const all = { classes, pixels: found.size, withMisses };
      gpu.submit([await confusionDispatch(gpu, found, prediction.scans.pointTruth, pointCounts, all)]);
    }
    images += samples.length;
    if (queue.add(batch * group.size.height * group.size.width * 4 + range.size, viewCount(views))) {
      await collecting.take();
      collecting.keep(collect());
    }
    options.onProgress?.(images);
  }
  await collecting.take();
  await collect();
  const entries = matrix / 4;
  const first = total.slice(0, entries);
  if (!withMisses) return { confusion: first, scans: null };
  return {
    confusion: first.filter((_, index) => index % (classes + 1) < classes),
    scans: { pixels: first, points: total.slice(second / 4, second / 4 + entries) },
  };
}

/** The labels of the points that the pixels of scans show, which lie on the GPU already. */
function scanTruth(
  { truth }: ScanOutputs,
  group: SampleBatch,
): { readonly range: BufferRange; readonly pixels: number } {
  group.samples.forEach(labelsOf);
  return { range: truth, pixels: group.samples.length * labelPixels(group) };
}

function labelsOf({ name, labels }: Sample): Uint8Array<ArrayBuffer> {
  if (labels === null) throw new Error(`Cannot score ${name}: it has no labels`);
  return labels;
}

function labelPixels({ labelSize: { height, width } }: SampleBatch): number {
  return height * width;
}
