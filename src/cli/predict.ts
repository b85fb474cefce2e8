/**
 * `crosswalk predict`: labels images, and draws the labels over them.
 *
 * @module
 */

import { defaultPalette } from "../data/dataset.ts";
import { encodeLabelPng, encodeRgbPng } from "../data/encode.ts";
import type { FileItem } from "../data/file_item.ts";
import { imageItems, openLoader } from "../data/folder.ts";
import { rgbPixels, type Sample } from "../data/sample.ts";
import { rawIdsOfClasses } from "../data/scans/write_labels.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { OneBehind } from "../gpu/one_behind.ts";
import { writeNpy } from "../formats/npy.ts";
import { ReasonedError } from "../errors.ts";
import { type Color, overlayLabels, pictureOf } from "../report/picture.ts";
import { writeFileSafely } from "../disk/files.ts";
import { TerminalProgress } from "../report/progress.ts";
import { inspectItems } from "../run/inspection.ts";
import { mergedInto, wantedLabelSet } from "../run/meeting.ts";
import { writeProbabilities } from "../run/probability_writer.ts";
import { type Settings, viewOptions } from "../settings/settings.ts";
import { equalBatches } from "../selftraining/inference.ts";
import { PointLabels } from "../selftraining/point_labels.ts";
import { type PredictedLogits, type Prediction, Predictor } from "../selftraining/prediction.ts";
import { adviceOn, messageOf } from "./advice.ts";
import { type PredictedFiles, predictedFiles } from "./predicted_files.ts";
import { writeScanResults } from "./predicted_scan.ts";
import { readArguments } from "./arguments.ts";
import { openGpu, openNetwork, openShapes } from "./open.ts";
import { shown, terminal } from "../report/terminal.ts";

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("predict", args);
  settings.require("weights");
  const out = settings.require("out");
  const given = imageItems(settings.require("images"));
  const { items, notices } = given;
  for (const notice of notices) terminal.say(notice);
  const files = predictedFiles(items, out);
  const written: string[] = [];
  const failed: FailedImage[] = [];
  const fail = (image: string, error: unknown) => {
    const advice = adviceOn(error, "predict");
    failed.push({ image, reason: `${messageOf(error)}${advice && `. ${advice}`}` });
  };
  for (const { path, error } of given.failed) fail(path, error);
  try {
    if (items.length > 0) await labelItems(settings, { items, files, fail, finish: (path) => written.push(path) });
  } finally {
    if (failed.length > 0) terminal.say(failureText(failed));
  }
  if (settings.get("json")) terminal.printJson({ images: written.length, labels: written, failed });
  else if (written.length > 0) {
    const kind = items.some(({ sensor }) => sensor !== undefined) ? "scan" : "image";
    terminal.say(`Labelled ${written.length} ${kind}${written.length === 1 ? "" : "s"}; see ${out}`);
  }
  return failed.length === 0 ? 0 : 1;
}

/** What is to be labelled, and who is told what became of it. */
interface Labelling {
  /** At least one image. */
  readonly items: readonly FileItem[];
  /** Where the results of each go, by its name. */
  readonly files: ReadonlyMap<string, PredictedFiles>;
  /** Takes the path of an image that could not be labelled, and why. */
  readonly fail: (image: string, error: unknown) => void;
  /** Takes the label file of each image that was labelled. */
  readonly finish: (path: string) => void;
}

/** Labels images one by one and writes what was asked for. */
async function labelItems(settings: Settings, { items, files, fail, finish }: Labelling): Promise<void> {
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
  const onBadFile = ({ imagePath }: FileItem, error: unknown) => fail(imagePath, error);
  using loader = openLoader({ cacheBytes: 0, maxPixels: settings.get("max-pixels"), onBadFile });
  const writing = new OneBehind<string>();
  const finished = (path: string | null) => {
    if (path !== null) finish(path);
  };
  const classes = merge?.toClasses ?? network.metadata.classes;
  const rawIds = rawIdsOfClasses(classes);
  const legend = classes.map((name, id) => ({ name, color: palette[id] ?? [0, 0, 0] as const }));
  using pointLabels = new PointLabels(gpu, settings.get("post"));
  const itemOf = new Map(items.map((item) => [item.name, item]));
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
        const item = itemOf.get(sample.name);
        const to = files.get(sample.name);
        if (item === undefined || to === undefined) {
          throw new Error(`Cannot label ${sample.name}: nobody asked for it`);
        }
        const predicting = predictor.run(group, {
          withLogits,
          ...(withProbabilities
            ? { withScores: (batch, scores) => writeProbabilities(gpu, to.probabilities, batch, scores) }
            : {}),
        });
        const prediction = await predicting.catch((error) => {
          if (!isTooLarge(error)) throw error;
          fail(item.imagePath, new ReasonedError(`Cannot label ${item.imagePath}: ${error.message}`, error.reason));
          return null;
        });
        if (prediction === null) continue;
        // All reads are submitted before any is awaited, as the next prediction overwrites what they read.
        const results = prediction.scans === null
          ? writeResults(gpu, prediction, { sample, palette, files: to })
          : writeScanResults(gpu, prediction, await pointLabels.label(prediction, group), {
            ...{ group, sample, legend, rawIds, files: to },
          });
        const both = Promise.all([results, writeLogits(prediction, to)]).then(([path]) => path);
        // Meanwhile the result of the image before is written.
        finished(await writing.exchange(both));
      }
    }
  } finally {
    finished(await writing.take());
  }
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

interface Results {
  readonly sample: Sample;
  /** Colours of the classes of the labels. */
  readonly palette: readonly Color[];
  readonly files: PredictedFiles;
}

/** Writes the label PNG and the overlay. Returns the path of the label PNG. */
async function writeResults(gpu: Gpu, prediction: Prediction, results: Results): Promise<string> {
  const { sample: { name, originalSize: { height, width }, image }, palette, files } = results;
  const [labels = new Uint8Array(0)] = await gpu.read({ ...prediction.labels, size: height * width });
  writeFileSafely(files.labels, encodeLabelPng(labels, height, width, palette.map((color) => [...color])));
  const overlay = overlayLabels(
    pictureOf(rgbPixels(image, name), image.height, image.width),
    { height, width, labels },
    palette,
  );
  writeFileSafely(files.picture, encodeRgbPng(overlay.pixels, overlay.height, overlay.width));
  return files.labels;
}

/** Writes the logits, if they were asked for. */
async function writeLogits({ logits }: Prediction, { logits: path }: PredictedFiles): Promise<void> {
  if (logits === null) return;
  const { shape, values } = coveredPart(logits, await logits.read());
  writeFileSafely(path, writeNpy(shape, values));
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
