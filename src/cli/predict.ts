/**
 * `crosswalk predict`: labels images, and draws the labels over them.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { defaultPalette } from "../data/dataset.ts";
import { encodeLabelPng, encodeRgbPng } from "../data/encode.ts";
import type { FileItem } from "../data/file_item.ts";
import { imageItems, openLoader } from "../data/folder.ts";
import { rgbPixels, type Sample } from "../data/sample.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { OneBehind } from "../gpu/one_behind.ts";
import { writeNpy } from "../formats/npy.ts";
import { ReasonedError, UsageError } from "../errors.ts";
import { type Color, overlayLabels, pictureOf } from "../report/picture.ts";
import { writeFileSafely } from "../disk/files.ts";
import { writeProbabilities } from "../run/probability_writer.ts";
import { viewOptions } from "../settings/settings.ts";
import { loadSplit } from "../selftraining/inference.ts";
import { type Prediction, Predictor } from "../selftraining/prediction.ts";
import { adviceOn, messageOf } from "./advice.ts";
import { readArguments } from "./arguments.ts";
import { openGpu, openNetwork, sayRounded, workingSizeOf } from "./open.ts";
import { terminal } from "../report/terminal.ts";

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("predict", args);
  const weights = settings.require("weights");
  const out = settings.require("out");
  const { items, notices } = imageItems(settings.require("images"));
  for (const notice of notices) terminal.say(notice);
  requireFreeNames(items, out);
  using gpu = await openGpu(settings.get("adapter"));
  const network = openNetwork(gpu, weights);
  const palette = network.metadata.palette ?? defaultPalette(network.classCount);
  const withLogits = settings.isOn("logits");
  const withProbabilities = settings.isOn("probabilities");
  // One image at a time, since each is labelled at its own size.
  await using predictor = new Predictor(gpu, network, 1, viewOptions(settings));
  const files: string[] = [];
  const failed: FailedImage[] = [];
  const fail = ({ imagePath }: FileItem, error: unknown) => {
    const advice = adviceOn(error, "predict");
    failed.push({ image: imagePath, reason: `${messageOf(error)}${advice && `. ${advice}`}` });
  };
  using loader = openLoader({ cacheBytes: 0, maxPixels: settings.get("max-pixels"), onBadFile: fail });
  const writing = new OneBehind<string>();
  const finish = (path: string | null) => {
    if (path !== null) files.push(path);
  };
  const size = workingSizeOf(settings, network);
  try {
    for await (const sample of loadSplit(loader, items, network, size, "none", sayRounded(network))) {
      const { height, width } = sample.image;
      const group = { samples: [sample], size: { height, width }, labelSize: sample.originalSize };
      const path = join(out, `${sample.name}.probabilities.npy`);
      const predicting = predictor.run(group, {
        withLogits,
        ...(withProbabilities ? { withScores: (batch, scores) => writeProbabilities(gpu, path, batch, scores) } : {}),
      });
      const prediction = await predicting.catch((error) => {
        const item = items.find(({ name }) => name === sample.name);
        if (item === undefined || !isTooLarge(error)) throw error;
        fail(item, new ReasonedError(`Cannot label ${item.imagePath}: ${error.message}`, error.reason));
        return null;
      });
      if (prediction === null) continue;
      // Meanwhile the result of the image before is written.
      finish(await writing.exchange(writeResults(gpu, prediction, { sample, palette, out })));
    }
  } finally {
    finish(await writing.take());
    if (failed.length > 0) terminal.say(failureText(failed));
  }
  if (settings.get("json")) terminal.printJson({ images: files.length, labels: files, failed });
  else if (files.length > 0) terminal.say(`Labelled ${files.length} image${files.length === 1 ? "" : "s"}; see ${out}`);
  return failed.length === 0 ? 0 : 1;
}

/** Whether an image alone is to blame: it is too large for this adapter, and the next one may not be. */
function isTooLarge(error: unknown): error is ReasonedError {
  return error instanceof ReasonedError && error.reason === "tensor too large";
}

/** An image that could not be labelled. */
interface FailedImage {
  /** Its path. */
  readonly image: string;
  /** The sentence that says why. */
  readonly reason: string;
}

function failureText(failed: readonly FailedImage[]): string {
  const reasons = failed.map(({ reason }) => reason);
  const [only = ""] = reasons;
  if (reasons.length === 1) return `crosswalk: ${only}`;
  return `crosswalk: ${reasons.length} images could not be labelled:\n${reasons.map((text) => `  ${text}`).join("\n")}`;
}

/**
 * Makes sure that no result overwrites an image that is to be labelled, or another result.
 *
 * @throws {UsageError} naming the file.
 */
function requireFreeNames(items: readonly FileItem[], out: string): void {
  const inputs = new Set(items.map(({ imagePath }) => resolve(imagePath)));
  const outputs = new Set<string>();
  for (const { name } of items) {
    for (const ending of [".png", "_overlay.png", ".npy", ".probabilities.npy"]) {
      const path = join(out, `${name}${ending}`);
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

interface Results {
  readonly sample: Sample;
  readonly palette: readonly Color[];
  readonly out: string;
}

/** Writes the label PNG, the overlay and, if they are wanted, the logits. Returns the path of the label PNG. */
async function writeResults(gpu: Gpu, prediction: Prediction, results: Results): Promise<string> {
  const { sample: { name, originalSize: { height, width }, image }, palette, out } = results;
  // Both reads are submitted before either is awaited, as the next prediction overwrites what they read.
  const [[labels = new Uint8Array(0)], logits] = await Promise.all([
    gpu.read({ ...prediction.labels, size: height * width }),
    prediction.logits?.read(),
  ]);
  const path = join(out, `${name}.png`);
  writeFileSafely(path, encodeLabelPng(labels, height, width, palette.map((color) => [...color])));
  const overlay = overlayLabels(
    pictureOf(rgbPixels(image, name), image.height, image.width),
    { height, width, labels },
    palette,
  );
  writeFileSafely(join(out, `${name}_overlay.png`), encodeRgbPng(overlay.pixels, overlay.height, overlay.width));
  if (logits !== undefined) {
    const [, ...shape] = prediction.logits?.shape ?? [];
    writeFileSafely(join(out, `${name}.npy`), writeNpy(shape, logits));
  }
  return path;
}
