/**
 * Step (a) of a round: the network labels all target images, and the pseudo-labels become an ordinary folder of label PNGs.
 *
 * The network runs once per image; its small logits are kept on the GPU up to a bound, and recomputed for each pass of the
 * selection beyond it, so memory does not grow with the number of images.
 *
 * @module
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { labelTable } from "../data/class_map.ts";
import type { Item, Sample } from "../data/sample.ts";
import { OneBehind } from "../gpu/one_behind.ts";
import { QueueBound } from "../gpu/queue_bound.ts";
import { equalBatches, loadSplit } from "../selftraining/inference.ts";
import { addCounts, noLabels } from "../selftraining/label_counts.ts";
import type { ScoreBatch, ScoreBatches, ScoreOptions } from "../selftraining/scores.ts";
import { assignLabels, selectThresholds } from "../selftraining/selection.ts";
import { type ThresholdsReport, thresholdsReport } from "../selftraining/thresholds.ts";
import { ViewLogits } from "../selftraining/views.ts";
import type { AdaptationData } from "./adaptation.ts";
import { LabelWriter } from "./label_writer.ts";
import { spatialPrior } from "./prior.ts";
import type { RunFolder } from "./run_folder.ts";
import { viewOptions } from "../settings/settings.ts";
import type { RunContext } from "./training_run.ts";

/** Logits kept on the GPU between the passes of the selection, where nothing else is said. */
export const defaultKeptBytes = 256 * 2 ** 20;

/** What labelling gave: the thresholds, and how right the pseudo-labels are where the target has labels. */
export interface LabellingResult extends ThresholdsReport {
  /** Per class, the share of its pseudo-labels that are right; `null` where that is unknown. */
  readonly precision: readonly (number | null)[];
}

/**
 * Labels the target images of a round and writes the PNGs and `thresholds.json`.
 *
 * @param keptBytes bound of the logits that stay on the GPU; it changes the time, never the result.
 */
export async function labelTarget(
  context: RunContext,
  data: Pick<AdaptationData, "sourceSplit" | "targetSplit">,
  round: number,
  portion: number,
  keptBytes: number = defaultKeptBytes,
): Promise<LabellingResult> {
  const { gpu, network, settings, progress, folder } = context;
  const items = data.targetSplit.items;
  const classes = network.classCount;
  const prior = settings.get("spatial-prior") ? await spatialPrior(context, data.sourceSplit.items) : undefined;
  const scores: ScoreOptions = {
    classes,
    alignCorners: network.model.alignCorners,
    averageLogits: viewOptions(settings).average === "logits",
    ...(prior === undefined ? {} : { prior }),
  };
  await using writer = new LabelWriter(classes);
  const bar = progress.stage(`round ${round}: labelling`, items.length, { unit: "images", perStep: 1 });
  const source = new LogitsSource(context, items, keptBytes, (images) => bar.update(images));
  const thresholds = await selectThresholds(gpu, source, scores, {
    policy: settings.get("policy"),
    rule: settings.get("rule"),
    portion,
    stride: settings.get("stride"),
  });
  const files = pseudoLabelItems(folder, round, items, classes);
  mkdirSync(folder.file("rounds", String(round), "pseudo-labels"), { recursive: true });
  const truths = truthsOf(context, items);
  let image = 0;
  let counts = noLabels(classes);
  for await (const batch of assignLabels(gpu, source, scores, thresholds.lambda)) {
    const { images, height, width, labels } = batch;
    counts = addCounts(counts, batch.counts);
    for (let index = 0; index < images; index++, image++) {
      const path = files[image]?.labelPath;
      if (!path) throw new Error(`There is no target image ${image}`);
      const map = labels.slice(index * height * width, (index + 1) * height * width);
      await writer.write({ path, labels: map, height, width, truth: (await truths.next()).value ?? null });
    }
  }
  const precision = await writer.finish();
  await source.dispose();
  if (prior !== undefined) gpu.destroyBuffer(prior);
  bar.end();
  const report = thresholdsReport(thresholds, counts);
  const result = { ...report, precision };
  folder.writeJson(join("rounds", String(round), "thresholds.json"), result);
  folder.log({ stage: `round ${round}: labelling`, lambda: report.lambda, labelled: report.labelled, precision });
  return result;
}

/** The samples of the target images, with their labels where they have some. */
function targetSamples({ loader, network, size }: RunContext, items: readonly Item[]): AsyncGenerator<Sample> {
  return loadSplit(loader, items, network, size, "resized");
}

/** The labels that target images have of themselves; they only serve to judge the pseudo-labels. */
async function* truthsOf(context: RunContext, items: readonly Item[]): AsyncGenerator<Sample["labels"]> {
  if (items.every(({ labelPath }) => labelPath === null)) return;
  for await (const { labels } of targetSamples(context, items)) yield labels;
}

/** The target images with the pseudo-labels of a round as their labels. */
export function pseudoLabelItems(folder: RunFolder, round: number, items: readonly Item[], classes: number): Item[] {
  const table = labelTable(classes);
  return items.map((item) => ({
    ...item,
    labelPath: folder.file("rounds", String(round), "pseudo-labels", `${item.name}.png`),
    labelTable: table,
    labelsResized: true,
  }));
}

/** Logits of all target images, batch by batch, as often as wanted. */
class LogitsSource implements ScoreBatches {
  readonly #logits: ViewLogits;
  readonly #batch: number;
  readonly #kept: ScoreBatch[] = [];
  #keptBytes = 0;
  #isFirstPass = true;

  constructor(
    readonly context: RunContext,
    readonly items: readonly Item[],
    readonly keptBytes: number,
    readonly onProgress: (images: number) => void,
  ) {
    this.#batch = context.settings.get("label-batch");
    this.#logits = new ViewLogits(context.gpu, context.network, this.#batch, viewOptions(context.settings));
  }

  get images(): number {
    return this.items.length;
  }

  async *batches(): AsyncGenerator<ScoreBatch> {
    const { profile, signal } = this.context;
    // The network labels in the first pass; those that follow look for the thresholds and apply them.
    profile.enter(this.#isFirstPass ? "labelling" : "selection");
    let images = 0;
    for (const batch of this.#kept) {
      images += batch.images;
      yield batch;
    }
    const done = new OneBehind<void>();
    const queue = new QueueBound();
    const samples = targetSamples(this.context, this.items.slice(images));
    for await (const group of equalBatches(samples, this.#batch)) {
      signal.throwIfAborted();
      const batch = await this.#logits.compute(group);
      const fits = this.#isFirstPass && this.#keptBytes + batch.logits.size <= this.keptBytes;
      if (fits) {
        this.#kept.push(batch);
        this.#keptBytes += batch.logits.size;
      }
      yield batch;
      if (!fits) {
        this.#isFirstPass = false;
        this.context.gpu.destroyBuffer(batch.logits.buffer);
      }
      images += batch.images;
      this.onProgress(images);
      const { height, width } = group.size;
      if (queue.add(batch.images * height * width * 4, batch.views.length)) {
        await done.exchange(this.context.gpu.wait());
      }
    }
    await done.take();
    this.#isFirstPass = false;
    profile.enter("selection");
  }

  async dispose(): Promise<void> {
    for (const { logits } of this.#kept) this.context.gpu.destroyBuffer(logits.buffer);
    await this.#logits.dispose();
  }
}
