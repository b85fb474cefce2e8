/**
 * From the options to the sizes at which images are worked on: `--size` means exactly that size, `--short-side` and the
 * size that a weight file records mean the short side of images that keep their shape.
 *
 * @module
 */

import { canvasOf, countStretched, mostFrequent, planShapes, type RunShapes, type Shapes } from "../data/shapes.ts";
import {
  formatSize,
  isExact,
  roundedSizeText,
  roundSize,
  type Size,
  type WorkingSize,
  workingSize,
} from "../data/size.ts";
import { UsageError } from "../errors.ts";
import type { Model } from "../nn/model.ts";
import type { Settings } from "./settings.ts";

/** Says something to the user. */
type Say = (text: string) => void;

/**
 * How large images are worked on: `--size` or `--short-side`, those of the command line or of the recipe; without them,
 * the short side of the size in the weight file; without that, `null`.
 *
 * @param recorded the size in the weight file.
 * @param say is told if `--size` is rounded to what the network takes.
 * @throws {UsageError} if both options are given.
 */
export function wantedSize(settings: Settings, recorded: Size | undefined, model: Model, say: Say): WorkingSize {
  const size = settings.get("size");
  const shortSide = settings.get("short-side");
  if (size !== undefined && shortSide !== undefined) {
    throw new UsageError("Give either --size, exactly that shape, or --short-side, which keeps each image's shape");
  }
  if (size !== undefined) return divisible(size, "size", model, say);
  if (shortSide === "own") return null;
  if (shortSide !== undefined) return { shortSide };
  return recorded === undefined ? null : { shortSide: shortSideOf(recorded) };
}

/** The nearest size whose sides are multiples of the network's `sizeMultiple`. If that is another size, it is said. */
export function divisible(wanted: Size, what: string, { sizeMultiple }: Model, say: Say): Size {
  const rounded = roundSize(wanted, sizeMultiple);
  if (formatSize(rounded) !== formatSize(wanted)) say(roundedSizeText(what, wanted, rounded, sizeMultiple));
  return rounded;
}

/**
 * The shapes of images whose own sizes are known. It is said if images are stretched.
 *
 * @param own the size of each image that will be labelled or scored.
 */
export function shapesOf(size: WorkingSize, own: readonly Size[], { sizeMultiple }: Model, say: Say): Shapes {
  sayStretched(size, own, say);
  return planShapes(size, own, sizeMultiple);
}

/** Says how many of the images a given size stretches. */
function sayStretched(size: WorkingSize, own: readonly Size[], say: Say): void {
  const stretched = isExact(size) ? countStretched(own, size) : 0;
  if (!isExact(size) || stretched === 0) return;
  const count = stretched === own.length ? (own.length === 1 ? "The image has" : "All images have") : [
    `${stretched} of ${own.length} images`,
    stretched === 1 ? "has" : "have",
  ].join(" ");
  say(
    `${count} another shape than ${formatSize(size)} and will be stretched to it. ` +
      `With --short-side ${shortSideOf(size)} instead of --size, images keep their shape`,
  );
}

/** The sizes of a run. */
export interface RunSizes {
  /** At which sizes images are worked on. */
  readonly shapes: RunShapes;
  /** The largest image of which crops are cut. */
  readonly room: Size;
}

/** What is known of a network before its images are. */
export interface SizedModel {
  readonly model: Model;
  /** The size in the weight file. */
  readonly recorded: Size | undefined;
}

/** The images' own sizes. */
export interface OwnSizes {
  readonly source: readonly Size[];
  /** Of the target; `null` where there is none but the source. */
  readonly target: readonly Size[] | null;
  /** Of the images to score on; `null` where there are none. */
  readonly evaluation: readonly Size[] | null;
}

/**
 * How large the images of a run are worked on. Without an option and without a size in the weights, `train` works on images
 * at their own size, and `adapt` brings all to the short side of the source images, on which the network learns what
 * things look like.
 *
 * @param sizes own sizes of the source images, and whether there is a target.
 */
export function runSize(
  settings: Settings,
  { model, recorded }: SizedModel,
  { source, adapts }: { readonly source: readonly Size[]; readonly adapts: boolean },
  say: Say,
): WorkingSize {
  return wantedSize(settings, recorded, model, say) ??
    (adapts && settings.get("short-side") !== "own" ? { shortSide: shortSideOf(mostFrequent(source)) } : null);
}

/** The sizes of a run whose images are worked on at this size. */
export function runSizes(
  size: WorkingSize,
  { source, target, evaluation }: OwnSizes,
  model: Model,
  say: Say,
): RunSizes {
  const inferred = [...target ?? [], ...evaluation ?? []];
  const trained = [...source, ...target ?? []].map((own) => workingSize(own, size));
  sayStretched(size, [...source, ...inferred], say);
  const shapes = planShapes(size, inferred.length === 0 ? source : inferred, model.sizeMultiple);
  return {
    shapes: { ...shapes, typical: mostFrequent(source.map((own) => workingSize(own, size))) },
    room: trained.reduce((most, one) => pixelsOf(one) > pixelsOf(most) ? one : most),
  };
}

/**
 * The size of the pieces to train on: as the settings say, or all or four fifths of the most frequent working size. A
 * crop that is smaller than the image can be placed, and takes less time.
 */
export function cropSize(settings: Settings, size: Size, model: Model, say: Say): Size {
  const crop = settings.get("crop");
  if (crop !== "auto" && crop !== "whole") return divisible(crop, "crop", model, say);
  const share = crop === "whole" ? 1 : 4 / 5;
  return roundSize({ height: size.height * share, width: size.width * share }, model.sizeMultiple);
}

/** How the sizes are called in the announcement. */
export function shapesText({ size, typical }: RunShapes): string {
  if (isExact(size)) return formatSize(size);
  return size === null
    ? `the images' own sizes (most often ${formatSize(typical)})`
    : `a short side of ${size.shortSide} pixels (most often ${formatSize(typical)})`;
}

/** The pixels that the network sees of an image of one of these sizes, on average. */
export function meanPixels(own: readonly Size[], { size, canvases, points }: Shapes, { sizeMultiple }: Model): number {
  if (points !== undefined && isExact(size)) return pixelsOf(size);
  const all = own.map((one) => pixelsOf(canvasOf(workingSize(one, size), canvases, sizeMultiple)));
  return all.reduce((sum, pixels) => sum + pixels, 0) / Math.max(1, all.length);
}

/** Pixels of an image of this size. */
export function pixelsOf({ height, width }: Size): number {
  return height * width;
}

function shortSideOf({ height, width }: Size): number {
  return Math.min(height, width);
}
