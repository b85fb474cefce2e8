/**
 * Strips of some target images: image, ground truth, source-only prediction, pseudo-labels, adapted prediction.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { encodeRgbPng } from "../data/encode.ts";
import type { Item, Sample } from "../data/sample.ts";
import { Network } from "../nn/network.ts";
import { readSafetensors } from "../nn/safetensors.ts";
import { type Color, colorLabels, type LabelMap, pictureOf } from "../report/picture.ts";
import { drawStrip, type Panel } from "../report/strip.ts";
import { Predictor } from "../selftraining/prediction.ts";
import type { AdaptationData } from "./adaptation.ts";
import { readFile, writeFileSafely } from "./files.ts";
import { pseudoLabelItems } from "./labelling.ts";
import { viewOptions } from "./settings.ts";
import type { RunContext } from "./training_run.ts";

/** How many target images are drawn. */
const pictureCount = 4;

/** Writes `pictures/<name>.png` for some target training images, evenly spread. */
export async function writePictures(context: RunContext, data: AdaptationData): Promise<void> {
  const { network, folder, settings } = context;
  const items = data.targetSplit.items;
  const chosen = Array.from(
    { length: Math.min(pictureCount, items.length) },
    (_, index) => Math.floor((index + 0.5) * items.length / Math.min(pictureCount, items.length)),
  );
  const palette: readonly Color[] = network.metadata.palette ?? data.source.palette;
  const legend = network.metadata.classes.map((name, id) => ({ name, color: palette[id] ?? [0, 0, 0] as const }));
  const pseudo = pseudoLabelItems(folder, settings.number("rounds"), items, network.classCount);
  using source = sourceNetwork(context);
  for (const index of chosen) {
    const item = items[index];
    const pseudoItem = pseudo[index];
    if (item === undefined || pseudoItem === undefined) continue;
    const sample = await context.loader.loadOne(item, { size: context.size });
    const { height, width, pixels } = sample.image;
    const panel = (title: string, labels: LabelMap | null): Panel[] =>
      labels === null ? [] : [{ title, picture: colorLabels(labels, palette) }];
    const strip = drawStrip([
      { title: "image", picture: pictureOf(pixels, height, width) },
      ...panel("ground truth", labelsOf(sample)),
      ...panel("source only", await predict(context, source.network, sample)),
      ...panel("pseudo-labels", await pseudoLabels(context, pseudoItem)),
      ...panel("adapted", await predict(context, network, sample)),
    ], legend);
    writeFileSafely(folder.file("pictures", `${item.name}.png`), encodeRgbPng(strip.pixels, strip.height, strip.width));
  }
}

/** The network as it was before the first round. */
function sourceNetwork({ gpu, network, folder }: RunContext) {
  const path = folder.file("source.safetensors");
  const before = new Network(gpu, network.model, network.metadata);
  before.store.load(readSafetensors(readFile(path), path).tensors, path);
  return { network: before, [Symbol.dispose]: () => before.dispose() };
}

async function predict({ gpu, settings }: RunContext, network: Network, sample: Sample): Promise<LabelMap> {
  const { height, width } = sample.image;
  const size = { height, width };
  const predictor = new Predictor(gpu, network, 1, viewOptions(settings));
  const { labels } = await predictor.run({ samples: [sample], size, labelSize: size });
  const [bytes = new Uint8Array(0)] = await gpu.read({ ...labels, size: height * width });
  await predictor.dispose();
  return { height, width, labels: bytes };
}

async function pseudoLabels({ loader, size }: RunContext, item: Item): Promise<LabelMap | null> {
  if (item.labelPath === null || !existsSync(item.labelPath)) return null;
  return labelsOf(await loader.loadOne(item, { size }));
}

function labelsOf({ labels, labelSize }: Sample): LabelMap | null {
  return labels === null || labelSize === null ? null : { ...labelSize, labels };
}
