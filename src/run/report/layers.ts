/**
 * The layers of the images that a report pictures, as files of the run's folder. They are written as they are made: what
 * the network predicts before the first round and after each, and the pseudo-labels of each.
 *
 * `report/<image>/` holds `image.jpg`, `truth.png`, `round-<r>.png` (0: before the rounds), `pseudo-<r>.png` and
 * `confidence.png`, that of the newest network. Labels are grey PNGs whose values are ids of the scored classes, 255 for
 * none; confidence is grey from 0 to 255. Of LiDAR scans these are range images (`image.png`), and `above-truth.png` and
 * `above-<r>.png` show the points from above, in colours.
 *
 * @module
 */

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { type ClassMap, IGNORE_LABEL } from "../../data/class_map.ts";
import { encodeLabelPng } from "../../data/encode.ts";
import { encodeJpeg } from "../../data/encode_jpeg.ts";
import type { FileItem } from "../../data/file_item.ts";
import type { Loader } from "../../data/loader.ts";
import { resizeFloats, resizeImage, resizeLabels } from "../../data/resize.ts";
import { rgbPixels } from "../../data/sample.ts";
import type { Shapes } from "../../data/shapes.ts";
import type { Size } from "../../data/size.ts";
import { writeFileUnsynced } from "../../disk/files.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { Network } from "../../nn/network.ts";
import type { LabelMap } from "../../report/picture.ts";
import { equalBatches } from "../../selftraining/inference.ts";
import { type PredictedLogits, Predictor } from "../../selftraining/prediction.ts";
import { isPlain, plainView, type ViewOptions } from "../../selftraining/views.ts";
import { labelBatch, type Settings, testViewOptions } from "../../settings/settings.ts";
import { reportFolder } from "./run_sketch.ts";

/** The most columns of a layer. */
const mostColumns = 512;

/** What layers are made with. */
export interface LayerContext {
  readonly gpu: Gpu;
  readonly network: Network;
  readonly loader: Loader;
  readonly settings: Settings;
  readonly shapes: Shapes;
  /** What the network's classes are merged into when it is scored. */
  readonly merge?: ClassMap | undefined;
  /** The folder of the run. */
  readonly folder: string;
}

/** Writes the layers of some images. */
export interface Layers {
  /** What the network predicts after a round; 0: before the first. A layer that is there stays. */
  network(round: number): Promise<void>;
  /** The pseudo-labels of a round. */
  labels(round: number): Promise<void>;
}

/** The layers of photographs. */
export class ImageLayers implements Layers {
  /**
   * @param items the images.
   * @param labelled the images with the pseudo-labels of a round; `null` where there are no rounds.
   */
  constructor(
    readonly context: LayerContext,
    readonly items: readonly FileItem[],
    readonly labelled: ((round: number) => readonly FileItem[]) | null,
  ) {}

  /** Writes `round-<r>.png` and `confidence.png`, and the image and its truth before. */
  async network(round: number): Promise<void> {
    const name = `round-${round}.png`;
    await this.#writeImages();
    const items = this.items.filter((item) => !hasLayer(this.context, item, name));
    if (items.length === 0) return;
    const predicted = await predict(this.context, items);
    for (const [index, { labels, confidence }] of predicted.entries()) {
      const item = items[index];
      if (item === undefined) continue;
      writeLabels(this.context, item, name, labels);
      if (confidence !== null) writeConfidence(this.context, item, confidence, labels);
    }
  }

  /** Writes `pseudo-<r>.png`, and the image and its truth before. */
  async labels(round: number): Promise<void> {
    const { loader, shapes: { size }, merge } = this.context;
    await this.#writeImages();
    const name = `pseudo-${round}.png`;
    for (const [index, item] of this.items.entries()) {
      const own = this.labelled?.(round)[index];
      if (own === undefined || !existsSync(own.labelPath ?? "") || hasLayer(this.context, item, name)) continue;
      const { labels, labelSize } = await loader.loadOne(own, { size });
      if (labels === null || labelSize === null) continue;
      const shown = merge === undefined ? labels : labels.map((id) => merge.toId[id] ?? IGNORE_LABEL);
      writeLabels(this.context, item, name, { ...labelSize, labels: shown });
    }
  }

  async #writeImages(): Promise<void> {
    const { loader, shapes: { size } } = this.context;
    for (const item of this.items) {
      if (hasLayer(this.context, item, "image.jpg")) continue;
      const { image, labels, labelSize } = await loader.loadOne(item, { size });
      if (labels !== null && labelSize !== null) writeLabels(this.context, item, "truth.png", { ...labelSize, labels });
      const { height, width } = layerSize(image);
      const small = resizeImage(rgbPixels(image, item.name), image.height, image.width, height, width);
      writeLayer(this.context, item, "image.jpg", await encodeJpeg(small, height, width));
    }
  }
}

/** The size of the layers of an image. */
function layerSize({ height, width }: Size): Size {
  const factor = Math.min(1, mostColumns / width);
  return { height: Math.max(1, Math.round(height * factor)), width: Math.round(width * factor) };
}

/** The path of a layer of an image. */
function layerPath({ folder }: Pick<LayerContext, "folder">, { name }: Pick<FileItem, "name">, layer: string): string {
  return join(folder, reportFolder, name, layer);
}

/** Whether a layer is there. One that a power cut left empty is not. */
export function hasLayer(context: Pick<LayerContext, "folder">, item: Pick<FileItem, "name">, layer: string): boolean {
  const path = layerPath(context, item, layer);
  return existsSync(path) && statSync(path).size > 0;
}

/** Writes a layer. Nothing depends on it, so it is not synced. */
export function writeLayer(
  context: Pick<LayerContext, "folder">,
  item: Pick<FileItem, "name">,
  layer: string,
  bytes: Uint8Array,
): void {
  writeFileUnsynced(layerPath(context, item, layer), bytes);
}

function writeLabels(context: LayerContext, item: FileItem, layer: string, { height, width, labels }: LabelMap): void {
  const size = layerSize({ height, width });
  const small = resizeLabels(Uint8Array.from(labels), height, width, size.height, size.width);
  writeLayer(context, item, layer, encodeLabelPng(small, size.height, size.width));
}

/** Writes the confidence at the size of the label layers. */
function writeConfidence(context: LayerContext, item: FileItem, found: Confidence, own: Size): void {
  const { height, width } = layerSize(own);
  const grey = Uint8Array.from(
    resizeFloats(found.values, found, { height, width }),
    (value) => Math.round(255 * value),
  );
  writeLayer(context, item, "confidence.png", encodeLabelPng(grey, height, width));
}

/** The probability of the most likely class, `[height, width]`, at the size of the logits. */
export interface Confidence extends Size {
  readonly values: Float32Array;
}

interface Predicted {
  readonly labels: LabelMap;
  /** `null` where the network's logits are not at hand. */
  readonly confidence: Confidence | null;
}

/**
 * The labels that a network gives images as it is scored, and its confidence in the images as they are. It takes no more
 * memory than scoring.
 */
async function predict(context: LayerContext, items: readonly FileItem[]): Promise<Predicted[]> {
  const { settings, network: { model } } = context;
  const views = testViewOptions(settings);
  const hasLogits = model.scoreMap === undefined;
  if (isPlain(views)) return await predictWith(context, items, views, hasLogits);
  const labelled = await predictWith(context, items, views, false);
  if (!hasLogits) return labelled;
  const plain = await predictWith(context, items, plainView, true);
  return labelled.map(({ labels }, index) => ({ labels, confidence: plain[index]?.confidence ?? null }));
}

async function predictWith(
  { gpu, loader, settings, shapes, network, merge }: LayerContext,
  items: readonly FileItem[],
  views: ViewOptions,
  withLogits: boolean,
): Promise<Predicted[]> {
  // The batch of scoring, so that no kernel has to be compiled anew.
  const batch = labelBatch(settings, shapes);
  await using predictor = new Predictor(gpu, network, batch, views, merge);
  const all: Predicted[] = [];
  const grouping = { batch, shapes, multiple: network.model.sizeMultiple };
  const samples = loader.load(items, { size: shapes.size, labels: "none" });
  for await (const group of equalBatches(samples, grouping, ({ image }) => image)) {
    const { labels, starts, logits } = await predictor.run(group, { withLogits });
    const [bytes = new Uint8Array(0)] = await gpu.read(labels);
    const confidences = logits === null ? [] : await confidencesOf(logits);
    for (const [index, { image: { height, width } }] of group.samples.entries()) {
      const start = starts[index] ?? 0;
      all.push({
        labels: { height, width, labels: bytes.slice(start, start + height * width) },
        confidence: confidences[index] ?? null,
      });
    }
  }
  return all;
}

/** The probability of the most likely class at each place of the logits that an image covers. */
export async function confidencesOf({ shape, covered, read }: PredictedLogits): Promise<Confidence[]> {
  const [, classes = 0, rows = 0, columns = 0] = shape;
  const values = await read();
  const plane = rows * columns;
  return covered.map(({ height, width }, image) => {
    const own = new Float32Array(height * width);
    for (let place = 0; place < own.length; place++) {
      const first = image * classes * plane + Math.floor(place / width) * columns + place % width;
      let largest = -Infinity;
      for (let id = 0; id < classes; id++) largest = Math.max(largest, values[first + id * plane] ?? -Infinity);
      let sum = 0;
      for (let id = 0; id < classes; id++) sum += Math.exp((values[first + id * plane] ?? -Infinity) - largest);
      own[place] = 1 / sum;
    }
    return { height, width, values: own };
  });
}
