/**
 * The sizes at which the images of a run are worked on, also of one that an earlier version began.
 *
 * @module
 */

import type { Settings } from "../settings/settings.ts";
import { divisible, runSize, type RunSizes, runSizes, type SizedModel } from "../settings/working_sizes.ts";
import type { RunData } from "./context.ts";
import type { FolderStore } from "./folder_store.ts";

/**
 * The sizes of a run. A run that an earlier version began without a size among its options stretched all images to one,
 * and goes on so.
 *
 * @param say is told if a size is rounded to what the network takes, or if images are stretched.
 */
export function sizesOf(
  settings: Settings,
  { holdsRun, record }: FolderStore,
  network: SizedModel,
  { inspected: { source, target, evaluation } }: Pick<RunData, "inspected">,
  say: (text: string) => void,
): RunSizes {
  const [firstImage] = source.sizes;
  if (firstImage === undefined) throw new Error("The source has no image");
  const { model, recorded } = network;
  const adapts = target !== source;
  const keepsShapes = settings.has("size") || settings.has("short-side") || !holdsRun || record !== null;
  const size = keepsShapes
    ? runSize(settings, network, { source: source.sizes, adapts }, say)
    : divisible(recorded ?? firstImage, "size", model, say);
  const own = { source: source.sizes, target: adapts ? target.sizes : null, evaluation: evaluation?.sizes ?? null };
  return runSizes(size, own, model, say);
}
