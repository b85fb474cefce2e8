/**
 * The GPU memory of a whole run, stage by stage, before any of it is taken.
 *
 * The network and the compiled training step stay on the GPU while images are labelled and scored. So these stages
 * count both, in addition to their own memory. Every sum is an upper bound. Some sizes, such as those of the queues,
 * depend on time; then the largest is taken.
 *
 * @module
 */

import type { RunShapes } from "../data/shapes.ts";
import { formatSize } from "../data/size.ts";
import { softLabelWords } from "../data/soft_label_map.ts";
import { bufferBytes, type Gpu } from "../gpu/gpu.ts";
import { mostPieces } from "../gpu/queue_bound.ts";
import { paddedChannels, storedBytes } from "../graph/layout.ts";
import { programBytes } from "../graph/program_bytes.ts";
import { offsetAlignment } from "../graph/slices.ts";
import type { Network } from "../nn/network.ts";
import { roomForPoints } from "../nn/scan_ranges.ts";
import { logitsProgram } from "../selftraining/inference.ts";
import { mergedBytes } from "../selftraining/merged_classes.ts";
import { mirrorViews } from "../selftraining/mirror_agreement.ts";
import { projectedLabelsProgram } from "../selftraining/scan_prior.ts";
import { viewsBytes } from "../selftraining/scores.ts";
import { defaultLimits, labelBytes } from "../selftraining/selection.ts";
import type { SelectionSettings } from "../selftraining/thresholds.ts";
import { logLength, type TrainerOptions } from "../selftraining/trainer.ts";
import { trainingStep } from "../selftraining/training_step.ts";
import { isPlain, viewCount, type ViewOptions, viewsOf } from "../selftraining/views.ts";

/** A stage of a run. */
export type StageName = "training" | "labelling" | "scoring" | "pictures";

/** The memory that a stage takes. */
export interface StageMemory {
  /** The stage. */
  readonly stage: StageName;
  /** The most bytes on the GPU during the stage, including all that stays there from before. */
  readonly bytes: number;
}

/** What the memory of a run depends on, beside the network. */
export interface PlannedRun {
  /** Sizes of the training step. */
  readonly step: TrainerOptions;
  /** What the optimizer keeps. */
  readonly optimizer: {
    /** Copies of the parameters in its state: 1 for SGD, 2 for AdamW. */
    readonly states: number;
    /** Whether the optimizer clips gradients. */
    readonly clips: boolean;
  };
  /** How images are shown to the network that labels and scores. */
  readonly inference: {
    /** Images in one launch of the network. */
    readonly batch: number;
    /** Those of labelling. */
    readonly views: ViewOptions;
    /** Those of scoring and of pictures. Default: the same. */
    readonly testViews?: ViewOptions;
    /** The sizes to which images are padded. */
    readonly shapes: RunShapes;
    /** How many classes the network's are merged into when it is scored. Absent where they stay. */
    readonly merged?: number | undefined;
  };
  /** The labelling of the target; `null` if nothing is labelled. */
  readonly labelling: LabellingSizes | null;
  /** Number of scored images, and pixels of the largest label map; `null` if nothing is scored. */
  readonly scoring: { readonly images: number; readonly labelPixels: number } | null;
  /** Number of images on which predictions are compared with those of the mirrored images; 0 if none are. */
  readonly agreement: number;
  /** Number of images that are drawn at the end. */
  readonly pictures: number;
}

/** What the memory of labelling depends on. */
export interface LabellingSizes extends Pick<SelectionSettings, "policy" | "stride"> {
  readonly images: number;
  readonly hasPrior: boolean;
  /** How many rings scans are divided into. Default 1. */
  readonly ringCount?: number;
  /** The most bytes of logits that stay on the GPU between the passes of the selection. */
  readonly keptBytes: number;
}

/** The stages of a run in their order, with the memory that each takes. Nothing is allocated. */
export function planStages(gpu: Gpu, network: Network, run: PlannedRun): StageMemory[] {
  const { labelling, scoring, agreement, pictures } = run;
  const trainer = trainerBytes(gpu, network, run);
  const { views, testViews = views } = run.inference;
  const [labels, tests] = [inferenceBytes(gpu, network, run, views), inferenceBytes(gpu, network, run, testViews)];
  const stages: StageMemory[] = [{ stage: "training", bytes: trainer + checkpointBytes(network, run) }];
  if (labelling !== null) {
    stages.push({ stage: "labelling", bytes: trainer + labellingBytes(gpu, network, run, labelling, labels) });
  }
  if (scoring !== null || agreement > 0) {
    const scored = scoring === null ? 0 : scoringBytes(network, run, scoring, tests);
    stages.push({ stage: "scoring", bytes: trainer + Math.max(scored, agreementBytes(gpu, network, run)) });
  }
  if (pictures > 0) stages.push({ stage: "pictures", bytes: picturesBytes(network, run, tests) });
  return stages;
}

/** The stage that takes most memory. Of equal stages, the first. */
export function peakOf(stages: readonly StageMemory[]): StageMemory {
  return stages.reduce((most, stage) => stage.bytes > most.bytes ? stage : most);
}

/** Bytes of the network, the optimizer and the compiled step. */
function trainerBytes(gpu: Gpu, network: Network, { step, optimizer }: PlannedRun): number {
  const { store } = network;
  const { accumulate = 1 } = step;
  const parameters = sum(store.segmentBytes.map(bufferBytes));
  const rates = bufferBytes(store.groups.length * 16 * optimizer.states);
  const partialNorms = sum(store.runs().map(({ gradients }) => Math.ceil(gradients.size / (16 * 64)) * 4));
  const clip = optimizer.clips ? bufferBytes(partialNorms) + bufferBytes(4) : 0;
  const accumulation = accumulate > 1 ? parameters : 0;
  const log = bufferBytes(4) + bufferBytes(logLength * 4 * (1 + accumulate));
  return networkBytes(network) + optimizer.states * parameters + rates + clip + accumulation + log +
    programBytes(gpu, trainingStep(network, step).definition);
}

function networkBytes({ store }: Network): number {
  return store.valueBytes + store.gradientBytes;
}

/** Bytes that a checkpoint takes, which reads back first the weights and then the optimizer's state. */
function checkpointBytes({ store }: Network, { optimizer: { states } }: PlannedRun): number {
  return Math.max(store.valueBytes, states * sum(store.segmentBytes.map(bufferBytes)));
}

/** Bytes of the programs for all views of an image, and of the logits of all views of one image. */
interface InferenceBytes {
  readonly programs: number;
  readonly logitsOfImage: number;
}

function inferenceBytes(
  gpu: Gpu,
  network: Network,
  { inference }: PlannedRun,
  views: ViewOptions,
): InferenceBytes {
  const { batch, shapes: { canvases, areMixed, points } } = inference;
  const room = points === undefined ? undefined : roomForPoints(points);
  const all = canvases.map((size): InferenceBytes => {
    const viewSizes = viewsOf(size, views, network.model.sizeMultiple).map((view) => view.size);
    const programs = new Map(
      viewSizes.map((
        viewSize,
      ) => [formatSize(viewSize), logitsProgram(network, batch, size, viewSize, { points: room })]),
    );
    const logitsOfImage = sum(viewSizes.map((viewSize) => {
      const [, ...shape] = programs.get(formatSize(viewSize))?.outputs.logits?.shape ?? [];
      return storedBytes([1, ...shape], "f32", "activation");
    }));
    // Behind the logits of a scan lie its winners.
    const winners = room === undefined ? 0 : size.height * size.width * 4 + 2 * offsetAlignment;
    return {
      programs: sum([...programs.values()].map((program) => programBytes(gpu, program))),
      logitsOfImage: logitsOfImage + winners,
    };
  });
  const largest = Math.max(...all.map(({ logitsOfImage }) => logitsOfImage));
  return {
    programs: sum(all.map(({ programs }) => programs)),
    // Where images differ in size, the logits of each begin where a binding can.
    logitsOfImage: areMixed ? Math.ceil(largest / offsetAlignment) * offsetAlignment : largest,
  };
}

/** Pixels of the largest image that is labelled. */
function labelledPixels({ inference: { shapes: { canvases } } }: PlannedRun): number {
  return Math.max(...canvases.map(({ height, width }) => height * width));
}

/**
 * Bytes of labelling: the larger of two phases. First the spatial prior is made. Then the network runs over all images,
 * and the selection passes over their logits.
 */
function labellingBytes(
  gpu: Gpu,
  network: Network,
  run: PlannedRun,
  { images, hasPrior, keptBytes, stride, policy, ringCount = 1 }: LabellingSizes,
  { programs, logitsOfImage }: InferenceBytes,
): number {
  const { inference: { batch, shapes: { typical, points } } } = run;
  const classes = network.classCount;
  const pixels = labelledPixels(run);
  const priorPixels = typical.height * typical.width;
  const prior = hasPrior ? priorPixels * paddedChannels(classes) * 4 : 0;
  // Three copies of the prior (the counts, the counts smoothed along one axis, and what is read back), and the labels
  // of a batch.
  const priorLabels = points === undefined ? 16 * priorPixels : priorPixels;
  const projection = points === undefined || !hasPrior
    ? 0
    : programBytes(gpu, projectedLabelsProgram(network.model.takes, typical, roomForPoints(points)));
  const priorAtFirst = hasPrior ? 3 * prior + bufferBytes(priorLabels) + projection : 0;
  const logits = images * logitsOfImage;
  const keptLogits = logits <= keptBytes ? logits : keptBytes + Math.min(batch, images) * logitsOfImage;
  const batchPixels = Math.min(batch, images) * pixels;
  // The rings of the pixels whose logits are there.
  const rings = ringCount > 1 ? Math.ceil(keptLogits / logitsOfImage) * bufferBytes(pixels) : 0;
  const lists = classes * ringCount;
  const selection = selectionBytes({
    ...{ classes: lists, pixels: batchPixels, stride, lists: policy === "st" ? 1 : lists },
  });
  const assignment = policy === "lrent"
    ? softAssignmentBytes(batchPixels, images * pixels)
    : assignmentBytes(batchPixels, images * pixels, points === undefined ? 1 : 5);
  return Math.max(priorAtFirst, prior + programs + keptLogits + rings + Math.max(selection, assignment));
}

/**
 * Bytes of the selection: the candidates and, in addition, either the keys of a batch with the histograms of one radix
 * selection, or the histograms of two.
 */
function selectionBytes(
  { classes, pixels, stride, lists }: Readonly<Record<"classes" | "pixels" | "stride" | "lists", number>>,
): number {
  const candidates = 2 * 4 * Math.max(2 * defaultLimits.samples, defaultLimits.candidates);
  const keys = 2 * bufferBytes(4 * pixels);
  const ranksOfBlocks = stride > 1 ? bufferBytes(Math.ceil(pixels / 256 + 1) * classes * 4) : 0;
  // The counts on the GPU, and the copy that is read back.
  const histograms = 2 * bufferBytes(lists * 2 ** 11 * 4);
  return candidates + Math.max(keys + ranksOfBlocks + histograms, 2 * histograms);
}

/**
 * Bytes of the labels of batches that are read back together: one group that is being computed and two that are being
 * read. A label takes a byte; of scans the point that it belongs to is read with it.
 */
function assignmentBytes(batchPixels: number, allPixels: number, pixelBytes: number): number {
  const group = Math.min(labelBytes + pixelBytes * batchPixels, mostPieces * bufferBytes(pixelBytes * batchPixels));
  return Math.min(3 * group, 2 * bufferBytes(pixelBytes * allPixels));
}

/**
 * Bytes of hard and soft labels: of a batch that is being computed, and the copies of it and of the batch before that
 * are read back.
 */
function softAssignmentBytes(batchPixels: number, allPixels: number): number {
  const ofBatch = bufferBytes(batchPixels) + bufferBytes(batchPixels * softLabelWords * 4);
  return (allPixels > batchPixels ? 3 : 2) * ofBatch;
}

function scoringBytes(
  network: Network,
  run: PlannedRun,
  { images, labelPixels }: { readonly images: number; readonly labelPixels: number },
  { programs, logitsOfImage }: InferenceBytes,
): number {
  const { inference } = run;
  const { merged = network.classCount } = inference;
  const confusion = bufferBytes(merged ** 2 * 4);
  const { labels, others } = predictionBytes(
    network,
    Math.min(inference.batch, images),
    labelPixels,
    inference,
    logitsOfImage,
  );
  const { points } = inference.shapes;
  if (points !== undefined) {
    // The program of the network projects the labels of scans. There are two matrices, and the labels of points.
    const matrix = merged * (merged + 1) * 4;
    const both = bufferBytes(Math.ceil(matrix / offsetAlignment) * offsetAlignment + matrix);
    const ofPoints = pointLabelBytes(Math.min(inference.batch, images), points);
    // The scans that are drawn for the report are predicted with the same program.
    const drawn = scanReadBytes(run, Math.min(inference.batch, images));
    return programs + labels + others + bufferBytes(16) + ofPoints + Math.max(2 * both, drawn);
  }
  const truth = Math.max(labels, bufferBytes(inference.batch * labelPixels));
  // What is drawn for the report is predicted with the same program. Of one plain view the logits are read back.
  const { views, testViews = views } = inference;
  const drawn = isPlain(testViews) && network.model.scoreMap === undefined
    ? bufferBytes(inference.batch * logitsOfImage)
    : 0;
  // The confusion matrix counts twice, as it is read back.
  return programs + labels + others + Math.max(truth + 2 * confusion, drawn);
}

/**
 * Bytes of the comparison of predictions with those of the mirrored images: the logits of both views, and the labels of
 * both.
 */
function agreementBytes(gpu: Gpu, network: Network, run: PlannedRun): number {
  const { inference, agreement } = run;
  if (agreement === 0) return 0;
  const { programs, logitsOfImage } = inferenceBytes(gpu, network, run, mirrorViews);
  const images = Math.min(inference.batch, agreement);
  const labels = bufferBytes((inference.shapes.areMixed ? 1 : images) * labelledPixels(run));
  const confusion = bufferBytes(network.classCount ** 2 * 4);
  const table = bufferBytes(viewsBytes(1));
  return programs + bufferBytes(images * logitsOfImage) + 2 * (labels + table) + 2 * confusion;
}

/**
 * Bytes of the pictures: a second network without gradients, and the predictions of one of the two networks. The
 * trainer has been freed.
 */
function picturesBytes(
  network: Network,
  run: PlannedRun,
  { programs, logitsOfImage }: InferenceBytes,
): number {
  const images = Math.min(run.inference.batch, run.pictures);
  const { labels, others } = predictionBytes(network, images, labelledPixels(run), run.inference, logitsOfImage);
  const { points } = run.inference.shapes;
  // The labels count twice, as they are read back; of scans, those of points.
  const read = points === undefined
    ? 2 * labels
    : labels + pointLabelBytes(images, points) + scanReadBytes(run, images);
  return networkBytes(network) + network.store.valueBytes + programs + read + others;
}

/** Bytes that are read back of scans that are drawn: the labels, winners and places of all points. */
function scanReadBytes(run: PlannedRun, images: number): number {
  const { batch, shapes: { points = 0 } } = run.inference;
  return pointLabelBytes(images, points) + bufferBytes(batch * labelledPixels(run) * 4) +
    bufferBytes(batch * roomForPoints(points) * 8);
}

/** Bytes of the labels of the points of scans. */
function pointLabelBytes(images: number, points: number): number {
  return bufferBytes(images * roomForPoints(points));
}

/**
 * Bytes of a prediction: the labels of a batch and, beside them, the tables of its views and of merged classes and, with
 * several views or sizes, the logits of all images.
 */
function predictionBytes(
  network: Network,
  images: number,
  labelPixels: number,
  { views, testViews = views, shapes: { areMixed }, merged }: PlannedRun["inference"],
  logitsOfImage: number,
): { readonly labels: number; readonly others: number } {
  const table = bufferBytes(viewsBytes(viewCount(testViews)));
  const merges = merged === undefined ? 0 : bufferBytes(mergedBytes(network.classCount, merged));
  const logits = isPlain(testViews) && !areMixed ? 0 : bufferBytes(images * logitsOfImage);
  if (!areMixed) return { labels: bufferBytes(images * labelPixels), others: table + merges + logits };
  const ofImage = bufferBytes(labelPixels);
  return { labels: 2 ** Math.ceil(Math.log2(images * ofImage)), others: images * table + merges + logits + ofImage };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
