/**
 * `crosswalk predict`: labels images, and draws the labels over them.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { defaultPalette, imageItems } from "../data/dataset.ts";
import { encodeLabelPng, encodeRgbPng } from "../data/encode.ts";
import { Loader } from "../data/loader.ts";
import type { Item, Sample } from "../data/sample.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { OneBehind } from "../gpu/one_behind.ts";
import type { Network } from "../nn/network.ts";
import { writeNpy } from "../nn/npy.ts";
import { UsageError } from "../errors.ts";
import { type Color, overlayLabels, pictureOf } from "../report/picture.ts";
import { writeFileSafely } from "../run/files.ts";
import { viewOptions } from "../run/settings.ts";
import { loadSplit } from "../selftraining/inference.ts";
import { type Prediction, Predictor } from "../selftraining/prediction.ts";
import { readArguments } from "./arguments.ts";
import { openGpu, openNetwork, sayRounded, workingSizeOf } from "./open.ts";

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("predict", args);
  const weights = settings.text("weights");
  const out = settings.text("out");
  const paths = settings.paths("images");
  if (paths.length === 0) throw new UsageError("Give --images: image files, or folders of images");
  const items = imageItems(paths);
  requireFreeNames(items, out);
  using gpu = await openGpu();
  const network = openNetwork(gpu, weights);
  const palette = network.metadata.palette ?? defaultPalette(network.classCount);
  const withLogits = settings.flag("logits");
  // One image at a time: each is labelled at its own size.
  const predictor = new Predictor(gpu, network, 1, viewOptions(settings));
  using loader = new Loader({ cacheBytes: 0 });
  const files: string[] = [];
  const writing = new OneBehind<string>();
  const finish = (path: string | null) => {
    if (path !== null) files.push(path);
  };
  const size = workingSizeOf(settings, network);
  for await (const sample of loadSplit(loader, items, network, size, "none", sayRounded(network))) {
    const { height, width } = sample.image;
    const group = { samples: [sample], size: { height, width }, labelSize: sample.originalSize };
    const prediction = await predictor.run(group);
    const writeResults = async () => {
      // Both are read before anything is waited for: then the network goes on to the next image.
      const [labels, logits] = await Promise.all([
        readLabels(gpu, prediction, sample),
        withLogits ? prediction.readLogits() : null,
      ]);
      if (logits !== null) writeLogits(logits, network, sample, out);
      return writeLabels(labels, sample, out, palette);
    };
    finish(await writing.exchange(writeResults()));
  }
  finish(await writing.take());
  await predictor.dispose();
  if (settings.flag("json")) console.log(JSON.stringify({ images: files.length, labels: files }));
  else console.error(`Labelled ${files.length} image${files.length === 1 ? "" : "s"}; see ${out}`);
  return 0;
}

/**
 * Makes sure that no result is written over an image that is to be labelled, or over another result.
 *
 * @throws {UsageError} naming the file.
 */
function requireFreeNames(items: readonly Item[], out: string): void {
  const inputs = new Set(items.map(({ imagePath }) => resolve(imagePath)));
  const outputs = new Set<string>();
  for (const { name } of items) {
    for (const path of [join(out, `${name}.png`), join(out, `${name}_overlay.png`)]) {
      if (inputs.has(resolve(path))) {
        throw new UsageError(`The results would be written over the image ${path}. Choose another folder with --out`);
      }
      if (outputs.has(path)) {
        throw new UsageError(
          `Two results would be written to ${path}. Rename an image, or label them one after the other`,
        );
      }
      outputs.add(path);
    }
  }
}

async function readLabels(
  gpu: Gpu,
  prediction: Prediction,
  { originalSize }: Sample,
): Promise<Uint8Array<ArrayBuffer>> {
  const [labels = new Uint8Array(0)] = await gpu.read({
    ...prediction.labels,
    size: originalSize.height * originalSize.width,
  });
  return labels;
}

/** Writes the label PNG and the overlay; returns the path of the former. */
function writeLabels(
  labels: Uint8Array<ArrayBuffer>,
  sample: Sample,
  out: string,
  palette: readonly Color[],
): string {
  const { height, width } = sample.originalSize;
  const path = join(out, `${sample.name}.png`);
  writeFileSafely(path, encodeLabelPng(labels, height, width, palette.map((color) => [...color])));
  const { image } = sample;
  const overlay = overlayLabels(pictureOf(image.pixels, image.height, image.width), { height, width, labels }, palette);
  writeFileSafely(join(out, `${sample.name}_overlay.png`), encodeRgbPng(overlay.pixels, overlay.height, overlay.width));
  return path;
}

function writeLogits(logits: Float32Array<ArrayBuffer>, network: Network, { image, name }: Sample, out: string): void {
  const { outputStride } = network.model;
  const shape = [network.classCount, image.height / outputStride, image.width / outputStride];
  writeFileSafely(join(out, `${name}.npy`), writeNpy(shape, logits));
}
