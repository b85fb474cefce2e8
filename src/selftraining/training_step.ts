/**
 * The graph of one micro-batch of training: sampling of crops, network, objective, and the gradients of all trained
 * parameters. The trainer compiles it. The memory plan only measures it.
 *
 * @module
 */

import { softLabelWords, wordsOfHardLabels } from "../data/soft_label_map.ts";
import type { PixelImage } from "../data/sample.ts";
import type { SamplePlan } from "../data/sampling.ts";
import type { ScanPlan } from "../data/scans/augmentation.ts";
import type { Size } from "../data/size.ts";
import type { BufferRange } from "../gpu/launch.ts";
import { pack, storedBytes } from "../graph/layout.ts";
import type { ProgramDefinition } from "../graph/program_plan.ts";
import { input, type Tensor } from "../graph/tensor.ts";
import { gradientDestinations } from "../nn/backward.ts";
import { encodeBatch, type ImageKind, type ScanKind } from "../nn/image_kind.ts";
import type { Network } from "../nn/network.ts";
import { scanGeometry } from "../nn/scan_ranges.ts";
import { scanGeometryLength } from "../ops/scans/geometry.ts";
import { pointLabels } from "../ops/scans/point_labels.ts";
import { projectScans } from "../ops/scans/project_scans.ts";
import { sampleGeometryLength, sampleGeometryValues } from "../ops/data/geometry.ts";
import { sampleLabels } from "../ops/data/sample.ts";
import { sampleSoftLabels } from "../ops/data/sample_soft_labels.ts";
import { sampleFloats, sampleWeights } from "../ops/data/sample_floats.ts";
import { crossEntropy, type LabelTensors, type Objective } from "./objective.ts";

/** One crop of a batch: an image with its labels at the working size, and what is cut from it. */
export interface TrainingSample {
  /** Its name, for messages. Default: none. */
  readonly name?: string;
  /** The image, of the kind that the network takes. */
  readonly image: PixelImage;
  /**
   * Hard: class ids `[height, width]`, 255 = ignored; LiDAR scans have no others. Soft: float32 `[C, height, width]`; a pixel of zeros is ignored.
   * Compact: the words of a `SoftLabelMap`, `[height, width, 3]`.
   */
  readonly labels: Uint8Array | Float32Array | Uint32Array;
  /** Weight of each pixel, `[height, width]`; default 1. Only used if the step is `weighted`. */
  readonly pixelWeights?: Float32Array;
  /**
   * Weight of the image, by which those of its pixels are multiplied; default 1. Only used if the step is `weighted`.
   */
  readonly imageWeight?: number;
  /** How much the image is regularised, if the objective has a regulariser; default 1. */
  readonly regularized?: number;
  /** Scale, crop, mirror and jitter. LiDAR scans: how the points are moved, or not at all: `null`. */
  readonly plan: SamplePlan | ScanPlan | null;
}

/** What a training step computes, and its sizes. */
export interface StepOptions {
  /** Number of crops in a micro-batch. They are in memory together. */
  readonly batch: number;
  /** Drop activations inside the network's blocks and compute them again for the gradients. Default `false`. */
  readonly recompute?: boolean;
  /** Keep activations in 16 bits until the gradients need them. Default `false`. */
  readonly halfActivations?: boolean;
  /** Size of a crop; a multiple of the model's `sizeMultiple`. LiDAR scans: of the range image. */
  readonly crop: Size;
  /**
   * Size of the largest image of which crops are cut. Others may have any shape that has no more pixels. LiDAR scans: the
   * most points, and one column.
   */
  readonly size: Size;
  /** What is minimised. Default `crossEntropy()`. */
  readonly objective?: Objective;
  /**
   * Hard labels are one class id per pixel, soft ones one number per class and pixel. `compact`: each image has hard
   * labels or compact soft ones; hard ones give the crops that they would give as `hard`. Default `"hard"`.
   */
  readonly labels?: "hard" | "soft" | "compact";
  /** Whether samples may have weights for their pixels and images. Default `false`. */
  readonly weighted?: boolean;
}

/** A traced step. */
export interface TrainingStep {
  /** What the program computes. Outputs: `loss`, and under its name the new value of each parameter in `updates`. */
  readonly definition: ProgramDefinition;
  /** Names of the parameters that change without being learned: running statistics. */
  readonly updates: readonly string[];
  /** Names of the layers with dropout. Each takes a key, in the input `dropoutInput`. */
  readonly dropouts: readonly string[];
  /** Values of the inputs that are written once, in the order in which they lie on the GPU. */
  readonly constants: ReadonlyMap<string, Float32Array<ArrayBuffer>>;
}

/**
 * Traces a step, without the optimizer. `memoryPlan(gpu, trainingStep(network, options).definition)` tells how much
 * memory it takes, besides the parameters, their gradients and the optimizer's state.
 *
 * @param place where to write a gradient, given its place in the parameter store. Default: there.
 */
export function trainingStep(
  network: Network,
  options: StepOptions,
  place: (range: BufferRange) => BufferRange = (range) => range,
): TrainingStep {
  const { objective = crossEntropy(), recompute = false, halfActivations: half = false } = options;
  const { takes, alignCorners } = network.model;
  const { images, labels } = takes.scans === undefined
    ? cropsOf(network, options)
    : rangeImages(network, takes.scans, options);
  const { logits, updates, dropoutKeys } = network.trainingLogits(images);
  const constants = new Map<string, Float32Array<ArrayBuffer>>();
  const loss = objective(logits, labels, {
    classes: network.classCount,
    alignCorners,
    constant(name, shape, values, layout) {
      // Two terms of a sum may both have class weights.
      const unique = `objective: ${name} ${constants.size + 1}`;
      constants.set(unique, pack(values, shape, layout));
      return input(unique, shape, { layout });
    },
  });
  if (loss.shape.join() !== "1") {
    throw new RangeError(`Cannot train: the objective gave ${loss}, expected a scalar [1]`);
  }
  return {
    definition: {
      outputs: { loss, ...Object.fromEntries(updates) },
      destinations: gradientDestinations(loss, network.store, place),
      activations: { loss, recompute, half },
    },
    updates: [...updates.keys()],
    dropouts: [...dropoutKeys.keys()],
    constants,
  };
}

/** What a step sees of its samples. */
interface StepInputs {
  readonly images: Tensor;
  readonly labels: LabelTensors;
}

function cropsOf(network: Network, options: StepOptions): StepInputs {
  const { batch, crop, size } = options;
  const { takes } = network.model;
  const geometry = input("geometry", [batch, sampleGeometryLength], { layout: "plain" });
  return {
    images: takes.sample(takes.input(batch, size), geometry, crop),
    labels: labelTensors(network, options, geometry),
  };
}

/** The range images of scans, which are projected once, and the labels of the points that they show. */
function rangeImages(
  network: Network,
  scans: ScanKind,
  { batch, crop, size, labels = "hard", weighted = false }: StepOptions,
): StepInputs {
  if (labels !== "hard") throw new RangeError(`LiDAR scans are trained on hard labels, ${labels} ones were asked for`);
  if (weighted) throw new RangeError("The samples of LiDAR scans have no weights");
  const geometry = input("geometry", [batch, scanGeometryLength], { layout: "plain" });
  const points = network.model.takes.input(batch, size);
  const winner = projectScans(points, geometry, crop);
  const ofPoints = input("labels", [batch, size.height * size.width], { dtype: "u8", layout: "plain" });
  return {
    images: scans.channelsOf(points, winner, geometry),
    labels: {
      labels: pointLabels(ofPoints, winner),
      regularized: input("regularized", [batch], { layout: "plain" }),
    },
  };
}

/** The crops of labels and weights, cut at the same places as those of the images. */
function labelTensors(network: Network, { batch, size, crop, labels, weighted }: StepOptions, geometry: Tensor) {
  const { height, width } = size;
  const hard = () => input("labels", [batch, height, width], { dtype: "u8", layout: "plain" });
  const soft = () => input("labels", [batch, network.classCount, height, width]);
  const compact = () => input("labels", [batch, height, width * softLabelWords], { dtype: "u32", layout: "plain" });
  const weights = weighted ? input("pixel weights", [batch, height, width], { layout: "plain" }) : undefined;
  const tensors: LabelTensors = {
    labels: labels === "soft"
      ? sampleFloats(soft(), geometry, { ...crop, interpolation: "nearest" })
      : labels === "compact"
      ? sampleSoftLabels(compact(), geometry, { ...crop, classes: network.classCount })
      : sampleLabels(hard(), geometry, crop),
    ...(weights === undefined ? {} : { pixelWeights: sampleWeights(weights, geometry, crop) }),
    regularized: input("regularized", [batch], { layout: "plain" }),
  };
  return tensors;
}

/**
 * The samples of a micro-batch as values of the step's inputs, by name.
 *
 * @throws {Error} if an image is not of the kind that the network takes, or labels are soft where the step's are hard,
 * or the other way round.
 */
export function encodeSamples(
  network: Network,
  samples: readonly TrainingSample[],
  options: StepOptions,
): Map<string, StepValues> {
  const { batch, size, labels = "hard", weighted = false } = options;
  const images = samples.map(({ image }) => image);
  const names = samples.map(({ name }) => name ?? "an image");
  return new Map<string, StepValues>([
    ["pixels", encodeBatch(network.model.takes, images, names, batch, size)],
    ["labels", labelValues(samples, labels, network.classCount, size)],
    ["geometry", Float32Array.from(samples.flatMap((sample) => geometryOf(network.model.takes, sample, options)))],
    ["regularized", Float32Array.from(samples, ({ regularized = 1 }) => regularized)],
    ...(weighted ? [["pixel weights", weightsOf(samples, size)] as const] : []),
  ]);
}

/** How a sample is cut from its image, or how its scan is projected. */
function geometryOf(
  { scans }: ImageKind,
  { name = "an image", plan, labels, image }: TrainingSample,
  { crop }: StepOptions,
): number[] {
  if (scans !== undefined && plan === null) return scanGeometry(image, name, crop);
  const isCrop = plan !== null && "scaledHeight" in plan;
  if (scans !== undefined && plan !== null && !isCrop) return scanGeometry(image, name, crop, { plan });
  if (scans !== undefined || !isCrop) {
    throw new Error(`Cannot train on ${name}: a crop was planned of a scan, or the other way round`);
  }
  const { height, width } = image;
  return sampleGeometryValues({ ...plan, size: { height, width }, nearestLabels: labels instanceof Uint8Array });
}

/** Values of an input of the step. */
type StepValues = Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

function labelValues(
  samples: readonly TrainingSample[],
  kind: "hard" | "soft" | "compact",
  classes: number,
  size: Size,
): StepValues {
  switch (kind) {
    case "hard":
      return hardLabels(samples, size);
    case "soft":
      return softLabels(samples, classes, size);
    case "compact":
      return compactLabels(samples, classes, size);
  }
}

function compactLabels(
  samples: readonly TrainingSample[],
  classes: number,
  { height, width }: Size,
): Uint32Array<ArrayBuffer> {
  const each = height * width * softLabelWords;
  const all = new Uint32Array(samples.length * each);
  for (const [index, { labels, name, image }] of samples.entries()) {
    const words = labels instanceof Uint8Array ? wordsOfHardLabels(labels, classes) : labels;
    if (!(words instanceof Uint32Array) || words.length !== image.height * image.width * softLabelWords) {
      throw new Error(
        `Cannot train on ${name ?? "an image"}: its labels are neither hard nor compact ones of ` +
          `${image.height}×${image.width} pixels`,
      );
    }
    all.set(words, index * each);
  }
  return all;
}

function hardLabels(samples: readonly TrainingSample[], { height, width }: Size): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(samples.length * height * width);
  for (const [index, { labels, name, image }] of samples.entries()) {
    if (!(labels instanceof Uint8Array)) throw new Error(`Cannot train on ${name ?? "an image"}: its labels are soft`);
    if (labels.length !== image.height * image.width) {
      throw new Error(
        `Cannot train on ${name ?? "an image"}: it has ${labels.length} labels, expected one for each of its ` +
          `${image.height}×${image.width} pixels`,
      );
    }
    all.set(labels, index * height * width);
  }
  return all;
}

function softLabels(samples: readonly TrainingSample[], classes: number, { height, width }: Size) {
  const each = storedBytes([1, classes, height, width], "f32", "activation") / 4;
  const all = new Float32Array(samples.length * each);
  for (const [index, { labels, name, image }] of samples.entries()) {
    if (!(labels instanceof Float32Array) || labels.length !== classes * image.height * image.width) {
      throw new Error(
        `Cannot train on ${name ?? "an image"}: its labels are not soft ones of ${classes} classes and ` +
          `${image.height}×${image.width} pixels`,
      );
    }
    all.set(pack(labels, [1, classes, image.height, image.width], "activation"), index * each);
  }
  return all;
}

function weightsOf(samples: readonly TrainingSample[], { height, width }: Size): Float32Array<ArrayBuffer> {
  const all = new Float32Array(samples.length * height * width);
  for (const [index, { name, image, pixelWeights, imageWeight = 1 }] of samples.entries()) {
    if (pixelWeights !== undefined && pixelWeights.length !== image.height * image.width) {
      throw new Error(
        `Cannot train on ${name ?? "an image"}: it has ${pixelWeights.length} weights of pixels, expected ` +
          `${image.height}×${image.width}`,
      );
    }
    const part = all.subarray(index * height * width, (index + 1) * height * width);
    if (pixelWeights === undefined) part.fill(imageWeight);
    else part.set(pixelWeights.map((weight) => weight * imageWeight));
  }
  return all;
}
