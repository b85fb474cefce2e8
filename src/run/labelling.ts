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
import { encodeLabelPng } from "../data/encode.ts";
import type { Item } from "../data/sample.ts";
import { OneBehind } from "../gpu/one_behind.ts";
import { equalBatches, loadSplit } from "../selftraining/inference.ts";
import type { ScoreBatch, ScoreBatches, ScoreOptions } from "../selftraining/scores.ts";
import { assignLabels, selectThresholds } from "../selftraining/selection.ts";
import type { RankRule, SelectionPolicy, ThresholdsReport } from "../selftraining/thresholds.ts";
import { ViewLogits } from "../selftraining/views.ts";
import type { AdaptationData } from "./adaptation.ts";
import { writeFileSafely } from "./files.ts";
import { spatialPrior } from "./prior.ts";
import type { RunFolder } from "./run_folder.ts";
import { viewOptions } from "./settings.ts";
import type { RunContext } from "./training_run.ts";

/** Images in one launch of the network. */
const batchSize = 4;
/** Logits kept on the GPU between the passes of the selection, where nothing else is said. */
const defaultKeptBytes = 256 * 2 ** 20;

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
  const prior = settings.flag("spatial-prior") ? await spatialPrior(context, data.sourceSplit.items) : undefined;
  const scores: ScoreOptions = {
    classes,
    alignCorners: network.model.alignCorners,
    averageLogits: viewOptions(settings).average === "logits",
    ...(prior === undefined ? {} : { prior }),
  };
  const bar = progress.stage(`round ${round}: labelling`, items.length, { unit: "images", perStep: 1 });
  const source = new LogitsSource(context, items, keptBytes, (images) => bar.update(images));
  const report = await selectThresholds(gpu, source, scores, {
    policy: settings.text("policy") as SelectionPolicy,
    rule: settings.text("rule") as RankRule,
    portion,
    stride: settings.number("stride"),
  });
  const files = pseudoLabelItems(folder, round, items, classes);
  mkdirSync(folder.file("rounds", String(round), "pseudo-labels"), { recursive: true });
  const right = new Array<number>(classes).fill(0);
  const judged = new Array<number>(classes).fill(0);
  let image = 0;
  for await (const { images, height, width, labels } of assignLabels(gpu, source, scores, report)) {
    for (let index = 0; index < images; index++, image++) {
      const map = labels.subarray(index * height * width, (index + 1) * height * width);
      const path = files[image]?.labelPath;
      const item = items[image];
      if (!path || item === undefined) throw new Error(`There is no target image ${image}`);
      writeFileSafely(path, encodeLabelPng(map, height, width));
      if (item.labelPath === null) continue;
      const truth = await context.loader.loadOne(item, { size: { height, width } });
      countRight(map, truth.labels, judged, right);
    }
  }
  await source.dispose();
  if (prior !== undefined) gpu.destroyBuffer(prior);
  bar.end();
  const precision = judged.map((count, id) => count > 0 ? (right[id] ?? 0) / count : null);
  const result = { ...report, precision };
  folder.writeJson(join("rounds", String(round), "thresholds.json"), result);
  folder.log({ stage: `round ${round}: labelling`, lambda: report.lambda, labelled: report.labelled, precision });
  return result;
}

function countRight(labels: Uint8Array, truth: Uint8Array | null, judged: number[], right: number[]): void {
  if (truth === null) return;
  for (const [pixel, label] of labels.entries()) {
    const wanted = truth[pixel] ?? 255;
    if (label === 255 || wanted === 255) continue;
    judged[label] = (judged[label] ?? 0) + 1;
    if (label === wanted) right[label] = (right[label] ?? 0) + 1;
  }
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
  readonly #kept: ScoreBatch[] = [];
  #keptBytes = 0;
  #isFirstPass = true;

  constructor(
    readonly context: RunContext,
    readonly items: readonly Item[],
    readonly keptBytes: number,
    readonly onProgress: (images: number) => void,
  ) {
    this.#logits = new ViewLogits(context.gpu, context.network, batchSize, viewOptions(context.settings));
  }

  get images(): number {
    return this.items.length;
  }

  async *batches(): AsyncGenerator<ScoreBatch> {
    const { loader, network, profile, size, signal } = this.context;
    // The network labels in the first pass; those that follow look for the thresholds and apply them.
    profile.enter(this.#isFirstPass ? "labelling" : "selection");
    let images = 0;
    for (const batch of this.#kept) {
      images += batch.images;
      yield batch;
    }
    const done = new OneBehind<void>();
    const samples = loadSplit(loader, this.items.slice(images), network, size, "none");
    for await (const group of equalBatches(samples, batchSize)) {
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
      // A short queue keeps Ctrl-C and the progress bar honest.
      await done.exchange(this.context.gpu.wait());
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
