/**
 * Draws strips of some target images. A strip shows the image, the ground truth, the prediction of the source network,
 * the pseudo-labels, and the prediction of the adapted network.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { IGNORE_LABEL } from "../data/class_map.ts";
import { encodeRgbPng } from "../data/encode.ts";
import type { FileItem } from "../data/file_item.ts";
import { rgbPixels, type Sample } from "../data/sample.ts";
import { Network } from "../nn/network.ts";
import { readNpy } from "../formats/npy.ts";
import { readSafetensors } from "../formats/safetensors.ts";
import { type Color, colorLabels, type LabelMap, pictureOf } from "../report/picture.ts";
import { drawStrip, type Panel } from "../report/strip.ts";
import { priorName } from "../selftraining/adapt.ts";
import { equalBatches } from "../selftraining/inference.ts";
import { Predictor } from "../selftraining/prediction.ts";
import { readFile, writeFileSafely } from "../disk/files.ts";
import { labelBatch, testViewOptions } from "../settings/settings.ts";
import type { RunContext, RunData } from "./context.ts";
import { writeScanPictures } from "./scan_pictures.ts";

/** The most target images that are drawn. */
export const pictureCount = 4;

/** The images that are drawn: at most {@link pictureCount}, evenly spread. */
export function pictured<T>(items: readonly T[]): T[] {
  const count = Math.min(pictureCount, items.length);
  const isChosen = new Set(
    Array.from({ length: count }, (_, index) => Math.floor((index + 0.5) * items.length / count)),
  );
  return items.filter((_, index) => isChosen.has(index));
}

/**
 * Writes `pictures/<name>.png` for some target training images, evenly spread, and `spatial-prior/<class>.png` if
 * there is a spatial prior. Of LiDAR scans a sheet shows the labels of all rounds, also from above.
 *
 * @param rounds how many rounds there were.
 */
export async function writePictures(
  context: RunContext,
  data: RunData,
  rounds: number = context.settings.get("rounds"),
): Promise<void> {
  const { network, folder, merge } = context;
  writePriorPictures(context);
  const chosen = pictured(data.targetSplit.items);
  // Where the network's classes are merged for scoring, all panels show the merged classes, so that they compare.
  const palette: readonly Color[] = merge === undefined
    ? network.metadata.palette ?? data.source.palette
    : data.target.palette;
  const legend = (merge?.toClasses ?? network.metadata.classes).map((name, id) => ({
    name,
    color: palette[id] ?? [0, 0, 0] as const,
  }));
  if (network.model.takes.scans !== undefined) {
    using source = sourceNetwork(context);
    await writeScanPictures(context, chosen, { before: source.network, after: network }, { legend, rounds });
    return;
  }
  const pseudo = folder.labelledItems(rounds, chosen, network.classCount, network.metadata.classes);
  using source = sourceNetwork(context);
  const before = await predictions(context, source.network, chosen);
  const after = await predictions(context, network, chosen);
  for (const [index, item] of chosen.entries()) {
    const sample = await context.loader.loadOne(item, { size: context.shapes.size });
    const { height, width } = sample.image;
    const panel = (title: string, labels: LabelMap | null = null): Panel[] =>
      labels === null ? [] : [{ title, picture: colorLabels(labels, palette) }];
    const strip = drawStrip([
      { title: "image", picture: pictureOf(rgbPixels(sample.image, item.name), height, width) },
      ...panel("ground truth", labelsOf(sample)),
      ...panel("source only", before[index]),
      ...panel("pseudo-labels", await pseudoLabels(context, pseudo[index])),
      ...panel("adapted", after[index]),
    ], legend);
    writeFileSafely(folder.file("pictures", `${item.name}.png`), encodeRgbPng(strip.pixels, strip.height, strip.width));
  }
}

/** Draws the map of each class of the spatial prior, if there is one: white where the class is most frequent. */
function writePriorPictures({ network, folder }: RunContext): void {
  const path = folder.file(priorName);
  if (!existsSync(path)) return;
  const { shape: [, height = 0, width = 0], data } = readNpy(readFile(path), path);
  for (const [id, name] of network.metadata.classes.entries()) {
    const map = Float32Array.from(data.subarray(id * height * width, (id + 1) * height * width), Number);
    const largest = map.reduce((most, value) => Math.max(most, value), 0);
    const pixels = new Uint8Array(height * width * 4).fill(255);
    for (const [place, value] of map.entries()) {
      const grey = largest > 0 ? Math.round(255 * value / largest) : 0;
      pixels.fill(grey, place * 4, place * 4 + 3);
    }
    // Names of classes may hold what no file name can.
    const file = `${String(id).padStart(2, "0")}-${name.replaceAll(/[^\p{L}\p{N}]+/gu, "-")}.png`;
    writeFileSafely(folder.file("spatial-prior", file), encodeRgbPng(pixels, height, width));
  }
}

/** The network as it was before the first round. */
function sourceNetwork({ gpu, network, folder }: RunContext) {
  const path = folder.file("source.safetensors");
  const before = new Network(gpu, network.model, network.metadata, { trainable: false });
  before.store.load(readSafetensors(readFile(path), path).tensors, path);
  return { network: before, [Symbol.dispose]: () => before.dispose() };
}

/** The labels that a network predicts for the images, at the working size. */
async function predictions(
  { gpu, loader, settings, shapes, merge }: RunContext,
  network: Network,
  items: readonly FileItem[],
): Promise<LabelMap[]> {
  // The batch of scoring, so that no kernel has to be compiled anew.
  const batch = labelBatch(settings, shapes);
  await using predictor = new Predictor(gpu, network, batch, testViewOptions(settings), merge);
  const maps: LabelMap[] = [];
  const grouping = { batch, shapes, multiple: network.model.sizeMultiple };
  const samples = loader.load(items, { size: shapes.size });
  for await (const group of equalBatches(samples, grouping, ({ image }) => image)) {
    const { labels, starts } = await predictor.run(group);
    const [bytes = new Uint8Array(0)] = await gpu.read(labels);
    for (const [index, { image: { height, width } }] of group.samples.entries()) {
      const start = starts[index] ?? 0;
      maps.push({ height, width, labels: bytes.subarray(start, start + height * width) });
    }
  }
  return maps;
}

async function pseudoLabels(
  { loader, shapes: { size }, merge }: RunContext,
  item: FileItem | undefined,
): Promise<LabelMap | null> {
  if (!item?.labelPath || !existsSync(item.labelPath)) return null;
  const found = labelsOf(await loader.loadOne(item, { size }));
  if (found === null || merge === undefined) return found;
  return { ...found, labels: found.labels.map((id) => merge.toId[id] ?? IGNORE_LABEL) };
}

function labelsOf({ labels, labelSize }: Sample): LabelMap | null {
  return labels === null || labelSize === null ? null : { ...labelSize, labels };
}
