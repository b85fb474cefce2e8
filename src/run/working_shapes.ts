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
import type { Settings } from "../settings/settings.ts";
import type { RunData } from "./context.ts";
import type { FolderStore } from "./folder_store.ts";

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
  const stretched = isExact(size) ? countStretched(own, size) : 0;
  if (isExact(size) && stretched > 0) {
    const count = stretched === own.length ? (own.length === 1 ? "The image has" : "All images have") : [
      `${stretched} of ${own.length} images`,
      stretched === 1 ? "has" : "have",
    ].join(" ");
    say(
      `${count} another shape than ${formatSize(size)} and will be stretched to it. ` +
        `With --short-side ${shortSideOf(size)} instead of --size, images keep their shape`,
    );
  }
  return planShapes(size, own, sizeMultiple);
}

/** The sizes of a run. */
export interface RunSizes {
  /** At which sizes images are worked on. */
  readonly shapes: RunShapes;
  /** The largest image of which crops are cut. */
  readonly room: Size;
}

/**
 * The sizes of a run. Without an option and without a size in the weights, `train` works on images at their own size,
 * and `adapt` brings all to the short side of the source images, on which the network learns what things look like.
 */
export function runSizes(
  settings: Settings,
  folder: FolderStore,
  { model, recorded }: { readonly model: Model; readonly recorded: Size | undefined },
  { inspected: { source, target, evaluation } }: Pick<RunData, "inspected">,
  say: Say,
): RunSizes {
  const firstImage = source.sizes[0];
  if (firstImage === undefined) throw new Error("The source has no image");
  const wanted = wantedSize(settings, recorded, model, say);
  const adapts = target !== source;
  const kept = wanted ??
    (adapts && settings.get("short-side") !== "own" ? { shortSide: shortSideOf(mostFrequent(source.sizes)) } : null);
  const isGiven = settings.has("size") || settings.has("short-side");
  const size = isGiven || keepsShapes(folder) ? kept : divisible(recorded ?? firstImage, "size", model, say);
  const inferred = [...(adapts ? target.sizes : []), ...evaluation?.sizes ?? []];
  const trained = [...source.sizes, ...(adapts ? target.sizes : [])].map((own) => workingSize(own, size));
  const shapes = shapesOf(size, inferred.length === 0 ? source.sizes : inferred, model, say);
  return {
    shapes: { ...shapes, typical: mostFrequent(source.sizes.map((own) => workingSize(own, size))) },
    room: trained.reduce((most, one) => pixelsOf(one) > pixelsOf(most) ? one : most),
  };
}

/**
 * Whether images keep their shape in a run without `--size` and `--short-side`. Runs that earlier versions began
 * stretched them all to one size, and go on so.
 */
function keepsShapes({ holdsRun, record }: FolderStore): boolean {
  return !holdsRun || record !== null;
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
