/**
 * How good a network is on images without labels: how well its predictions of an image and of the mirrored image agree.
 * It is a criterion of our own for the best round of a run.
 *
 * A network that is sure for good reasons says the same of a street and of the mirrored street. Both predictions are
 * compared as a prediction is compared with labels: by the IoU of each class, and their mean. So a rare class counts as
 * much as a frequent one. The confidence of a network would not do, since self-training raises it even where it does
 * harm. Nor would agreement alone: a network that has forgotten a class agrees on its absence. So a class that the
 * network predicted before the rounds and predicts no more counts as 0.
 *
 * @module
 */

import type { SampleSource } from "../data/sample.ts";
import type { ShapeOptions } from "../data/shapes.ts";
import { BufferScope } from "../gpu/buffer_scope.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { OneBehind } from "../gpu/one_behind.ts";
import { QueueBound } from "../gpu/queue_bound.ts";
import { scoreConfusion } from "../metrics/confusion.ts";
import type { Network } from "../nn/network.ts";
import { confusionDispatch } from "../ops/metrics/confusion_matrix.ts";
import { blankDispatch } from "../ops/scans/blank_pixels.ts";
import { argMaxDispatch } from "./arg_max.ts";
import { defaultBatch, defaultShapes, equalBatches } from "./inference.ts";
import { silent } from "./progress.ts";
import { type ScoreBatch, type ScoreOptions, viewsBuffer } from "./scores.ts";
import type { RunParts } from "./training.ts";
import { ViewLogits, type ViewOptions } from "./views.ts";

/** How well the predictions of images and of the mirrored images agree. */
export interface MirrorAgreement {
  /** For each class, the IoU of the pixels that are predicted as it; `null` where none is. */
  readonly iou: readonly (number | null)[];
  /** For each class, its share of the pixels of the images as they are, from 0 to 1. */
  readonly shares: readonly number[];
}

/** The most target images that are looked at, spread evenly over all: enough to tell a round that does harm. */
export const agreementImages = 64;

/** The image as it is, and mirrored. */
export const mirrorViews: ViewOptions = { scales: [1], flip: true, average: "probabilities" };

/** A class whose share before the rounds is below this is not missed when it is gone: so few pixels are noise. */
const noiseShare = 1e-4;

/**
 * The mean over classes, from 0 to 1. A class that had a share before the rounds and has none now counts as 0; `null`
 * where no class is predicted at all.
 */
export function agreementScore({ iou }: MirrorAgreement, before: MirrorAgreement): number | null {
  const counted = iou.flatMap((value, id) => value ?? ((before.shares[id] ?? 0) >= noiseShare ? 0 : []));
  return counted.length === 0 ? null : counted.reduce((sum, value) => sum + value, 0) / counted.length;
}

/**
 * The round with the highest score, the first of equal ones. The first score is that of the network before the rounds.
 *
 * @returns its place in `scores`; `null` where a score is not known.
 */
export function bestRound(scores: readonly (number | null)[]): number | null {
  const known = scores.filter((score) => score !== null);
  return known.length < scores.length || known.length === 0 ? null : known.indexOf(Math.max(...known));
}

/** At most {@link agreementImages} of the images, spread evenly over all. */
export function spreadItems<Item>(items: readonly Item[], count: number = agreementImages): Item[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, index) => items[Math.floor(index * items.length / count)]).filter((item) =>
    item !== undefined
  );
}

/** The agreement of a run's network on its target images, which it reports and logs. */
export async function agreementOf<Item>(
  { trainer, samples, store, shapes, progress = silent, signal }: RunParts<Item>,
  stage: string,
  target: readonly Item[],
  batch: number | undefined,
): Promise<MirrorAgreement> {
  const { gpu, network } = trainer;
  const items = spreadItems(target);
  const bar = progress.stage(stage, items.length, { unit: "images", perStep: 1 });
  const agreement = await mirrorAgreement(gpu, network, samples, items, {
    ...shapes ?? defaultShapes(network, trainer.options),
    batch,
    signal,
    onProgress: (done) => bar.update(done),
  });
  bar.end();
  await store.log({ stage, agreement: agreement.iou });
  return agreement;
}

/** Options of {@link mirrorAgreement}. */
export interface AgreementOptions extends ShapeOptions {
  /** Images in one launch of the network. Default 4. */
  readonly batch?: number | undefined;
  /** Called with the number of images that are done. */
  readonly onProgress?: (images: number) => void;
  /** When it is given, the work stops and throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How well a network's predictions of images and of the mirrored images agree, at the images' working sizes. */
export async function mirrorAgreement<Item>(
  gpu: Gpu,
  network: Network,
  source: SampleSource<Item>,
  items: readonly Item[],
  options: AgreementOptions,
): Promise<MirrorAgreement> {
  const { batch = defaultBatch } = options;
  const classes = network.classCount;
  using buffers = new BufferScope(gpu);
  const counts = buffers.create(classes * classes * 4, "agreement");
  const logits = new ViewLogits(gpu, network, batch, mirrorViews);
  await using _programs = { [Symbol.asyncDispose]: () => logits.dispose() };
  const scores: ScoreOptions = {
    classes,
    alignCorners: network.model.alignCorners,
    // The softmax keeps the order of the classes, so the logits of a single view are compared directly.
    isProbability: true,
  };
  const done = new OneBehind<void>();
  const queue = new QueueBound();
  const loaded = source.load(items, { size: options.size, labels: "none" });
  const grouping = { batch, shapes: options, multiple: network.model.sizeMultiple };
  let images = 0;
  for await (const group of equalBatches(loaded, grouping)) {
    options.signal?.throwIfAborted();
    const both = await logits.compute(group);
    for (const part of both.parts ?? [both]) await countAgreement(gpu, part, scores, counts);
    gpu.destroyBuffer(both.logits.buffer);
    images += both.images;
    if (queue.add(both.images * group.size.height * group.size.width * 4, 2)) await done.exchange(gpu.wait());
    options.onProgress?.(images);
  }
  await done.take();
  const [bytes] = await gpu.read({ buffer: counts, offset: 0, size: classes * classes * 4 });
  const confusion = [...new Uint32Array(bytes?.buffer ?? new ArrayBuffer(0))];
  const rows = Array.from({ length: classes }, (_, id) => sum(confusion.slice(id * classes, (id + 1) * classes)));
  const pixels = sum(rows);
  return { iou: scoreConfusion(confusion).iou, shares: rows.map((count) => pixels > 0 ? count / pixels : 0) };
}

/** Adds the pairs of predictions of a batch, of which the first view is the image as it is, to the counts. */
async function countAgreement(gpu: Gpu, batch: ScoreBatch, scores: ScoreOptions, counts: GPUBuffer): Promise<void> {
  const pixels = batch.images * batch.height * batch.width;
  using buffers = new BufferScope(gpu);
  const labels = await Promise.all(batch.views.map(async (view) => {
    const single = { ...batch, views: [view] };
    const table = viewsBuffer(gpu, single, scores);
    const buffer = buffers.create(Math.ceil(pixels / 4) * 4, "labels");
    gpu.submit([
      await argMaxDispatch(gpu, single, scores, { views: table, labels: buffer }),
      ...batch.filled === undefined ? [] : [await blankDispatch(gpu, batch.filled, buffer, pixels)],
    ]);
    gpu.destroyBuffer(table);
    return { buffer, offset: 0, size: buffer.size };
  }));
  const [plain, mirrored] = labels;
  if (plain === undefined || mirrored === undefined) return;
  gpu.submit([
    await confusionDispatch(gpu, mirrored, plain, counts, { classes: scores.classes, pixels }),
  ]);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
