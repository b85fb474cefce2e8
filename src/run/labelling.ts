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
import type { BufferRange } from "../gpu/gpu.ts";
import { paddedChannels, storedElements } from "../graph/layout.ts";
import type { Program } from "../graph/program.ts";
import { equalBatches, InferencePrograms, loadSplit, type SampleBatch, viewsOf } from "../selftraining/inference.ts";
import type { ScoreBatch, ScoreOptions } from "../selftraining/scores.ts";
import { assignLabels, selectThresholds } from "../selftraining/selection.ts";
import type { RankRule, SelectionPolicy, ThresholdsReport } from "../selftraining/thresholds.ts";
import type { AdaptationData } from "./adaptation.ts";
import { writeFileSafely } from "./files.ts";
import { spatialPrior } from "./prior.ts";
import type { RunFolder } from "./run_folder.ts";
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
    averageLogits: settings.text("average") === "logits",
    ...(prior === undefined ? {} : { prior }),
  };
  const bar = progress.stage(`round ${round}: labelling`, items.length, { unit: "images", perStep: 1 });
  const source = new LogitsSource(context, items, keptBytes, (images) => bar.update(images));
  const batches = () => source.batches();
  const report = await selectThresholds(gpu, batches, scores, {
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
  for await (const { batch: { images, height, width }, labels } of assignLabels(gpu, batches, scores, report)) {
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

interface KeptBatch {
  readonly batch: ScoreBatch;
  readonly buffer: GPUBuffer;
}

/** Logits of all target images, batch by batch, as often as wanted. */
class LogitsSource {
  readonly #programs: InferencePrograms;
  readonly #kept: KeptBatch[] = [];
  #bytes = 0;
  #isFirstPass = true;

  constructor(
    readonly context: RunContext,
    readonly items: readonly Item[],
    readonly keptBytes: number,
    readonly onProgress: (images: number) => void,
  ) {
    this.#programs = new InferencePrograms(context.gpu, context.network, batchSize, (logits) => ({ logits }));
  }

  async *batches(): AsyncGenerator<ScoreBatch> {
    const { loader, network, size, signal } = this.context;
    let images = 0;
    for (const { batch } of this.#kept) {
      images += batch.images;
      yield batch;
    }
    const samples = loadSplit(loader, this.items.slice(images), network, size, "none");
    for await (const group of equalBatches(samples, batchSize)) {
      signal.throwIfAborted();
      const computed = await this.#compute(group);
      const fits = this.#isFirstPass && this.#bytes + computed.buffer.size <= this.keptBytes;
      if (fits) {
        this.#kept.push(computed);
        this.#bytes += computed.buffer.size;
      }
      yield computed.batch;
      if (!fits) {
        this.#isFirstPass = false;
        this.context.gpu.destroyBuffer(computed.buffer);
      }
      images += computed.batch.images;
      this.onProgress(images);
      // A short queue keeps Ctrl-C and the progress bar honest.
      await this.context.gpu.wait();
    }
    this.#isFirstPass = false;
  }

  async dispose(): Promise<void> {
    for (const { buffer } of this.#kept) this.context.gpu.destroyBuffer(buffer);
    await this.#programs.dispose();
  }

  /** The logits of all views of a batch, in one buffer. */
  async #compute(group: SampleBatch): Promise<KeptBatch> {
    const { gpu, network, settings } = this.context;
    const { outputStride } = network.model;
    const images = group.samples.length;
    const views = viewsOf(group.size, settings.numbers("scales"), settings.flag("flip"), outputStride);
    const channels = paddedChannels(network.classCount);
    let offset = 0;
    const placed = views.map((view) => {
      const height = view.size.height / outputStride;
      const width = view.size.width / outputStride;
      const place = { offset, height, width, mirror: view.mirror };
      offset += images * height * width * channels;
      return { view, place };
    });
    const buffer = gpu.createBuffer(offset * 4, "logits");
    for (const { view, place } of placed) {
      const program = await this.#programs.run(group, view);
      copyLogits(this.context, program, buffer, place.offset * 4, images, network.classCount, place);
    }
    const batch: ScoreBatch = {
      images,
      height: group.size.height,
      width: group.size.width,
      logits: { buffer, offset: 0, size: buffer.size },
      views: placed.map(({ place }) => place),
    };
    return { batch, buffer };
  }
}

function copyLogits(
  { gpu }: RunContext,
  program: Program,
  to: GPUBuffer,
  toOffset: number,
  images: number,
  classes: number,
  { height, width }: { readonly height: number; readonly width: number },
): void {
  const size = storedElements([images, classes, height, width], "activation") * 4;
  const from: BufferRange = { ...program.output("logits"), size };
  gpu.submit([], [{ from, to, toOffset }]);
}
