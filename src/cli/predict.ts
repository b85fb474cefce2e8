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
import { TerminalProgress } from "../report/progress.ts";
import { inspectItems } from "../run/inspection.ts";
import { mergedInto, wantedLabelSet } from "../run/meeting.ts";
import { writeProbabilities } from "../run/probability_writer.ts";
import { viewOptions } from "../settings/settings.ts";
import { equalBatches } from "../selftraining/inference.ts";
import { type PredictedLogits, type Prediction, Predictor } from "../selftraining/prediction.ts";
import { adviceOn, messageOf } from "./advice.ts";
import { readArguments } from "./arguments.ts";
import { openGpu, openNetwork, openShapes } from "./open.ts";
import { shown, terminal } from "../report/terminal.ts";

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("predict", args);
  settings.require("weights");
  const out = settings.require("out");
  const { items, notices } = imageItems(settings.require("images"));
  for (const notice of notices) terminal.say(notice);
  requireFreeNames(items, out);
  using gpu = await openGpu(settings.get("adapter"));
  const network = openNetwork(gpu, settings, { mergesClasses: true });
  const wanted = wantedLabelSet(settings);
  const merge = wanted === undefined ? undefined : mergedInto(network.metadata, wanted);
  if (merge !== undefined) terminal.say(`The network's classes are merged for the labels, ${merge.name}`);
  const palette = merge === undefined
    ? network.metadata.palette ?? defaultPalette(network.classCount)
    : wanted?.palette ?? defaultPalette(merge.toClasses.length);
  const withLogits = settings.isOn("logits");
  const withProbabilities = settings.isOn("probabilities");
  // One image at a time, since each is labelled at its own size.
  await using predictor = new Predictor(gpu, network, 1, viewOptions(settings), merge);
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
  const inspected = await inspectItems(items, {
    name: "images",
    progress: new TerminalProgress(),
    maxPixels: settings.get("max-pixels"),
  });
  const shapes = openShapes(settings, network, inspected);
  const samples = loader.load(items, { size: shapes.size, labels: "none" });
  const grouping = { batch: 1, shapes, multiple: network.model.sizeMultiple };
  try {
    for await (const group of equalBatches(samples, grouping, ({ originalSize }) => originalSize)) {
      for (const sample of group.samples) {
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
  return `crosswalk: ${reasons.length} images could not be labelled:\n${
    reasons.map((text) => `  ${shown(text)}`).join("\n")
  }`;
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
  /** Colours of the classes of the labels. */
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
    const { shape, values } = coveredPart(prediction.logits, logits);
    writeFileSafely(join(out, `${name}.npy`), writeNpy(shape, values));
  }
  return path;
}

/** The logits `[C, h, w]` of an image without those of its padding. */
function coveredPart(logits: PredictedLogits | null, values: Float32Array<ArrayBuffer>) {
  const [, classes = 0, rows = 0, columns = 0] = logits?.shape ?? [];
  const { height, width } = logits?.covered[0] ?? { height: rows, width: columns };
  const part = new Float32Array(classes * height * width);
  for (let row = 0; row < classes * height; row++) {
    const start = (Math.floor(row / height) * rows + row % height) * columns;
    part.set(values.subarray(start, start + width), row * width);
  }
  return { shape: [classes, height, width], values: part };
}
