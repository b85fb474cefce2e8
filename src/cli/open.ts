/**
 * What commands that run a network share: they open the GPU, a network from a weight file and a data set with the
 * network's classes, and choose the working size.
 *
 * @module
 */

import type { ClassMap } from "../data/class_map.ts";
import { readClassMap } from "../data/folder.ts";
import { formatSize, roundedSizeText, roundSize, type Size } from "../data/size.ts";
import { Gpu } from "../gpu/gpu.ts";
import { loadNetwork, type Network } from "../nn/network.ts";
import { readFile } from "../disk/files.ts";
import { keptKind } from "../tuning/kept_kind.ts";
import type { Settings } from "../settings/settings.ts";
import { adapterKey, loadTuning } from "../tuning/table.ts";
import { terminal } from "../report/terminal.ts";

/**
 * Opens an adapter, with its measured kind and the schedules that were tuned for it.
 *
 * @param adapter its number or a part of its name. Without it, the fastest is opened.
 */
export function openGpu(adapter: string | undefined): Promise<Gpu> {
  return Gpu.open({ adapter, kind: keptKind, tuning: (opened) => loadTuning(adapterKey(opened)) });
}

/** The network of a weight file, for labelling only. */
export function openNetwork(gpu: Gpu, path: string): Network {
  return loadNetwork(gpu, readFile(path), path, { trainable: false });
}

/** The class map of the settings, if one is given. */
export function openClassMap(settings: Settings): ClassMap | undefined {
  const path = settings.get("class-map");
  return path === undefined ? undefined : readClassMap(path);
}

/** Says on stderr that images of one size are worked on at another. `loadSplit` calls it once. */
export function sayRounded(network: Network): (wanted: Size, rounded: Size) => void {
  return (wanted, rounded) => terminal.say(roundedSizeText("size", wanted, rounded, network.model.sizeMultiple));
}

/**
 * The working size: `--size` or the recipe's; without it, the size in the metadata of the weights; without that `null`,
 * which means each image's own. Sides are rounded to multiples of the network's `sizeMultiple`, which is said once on
 * stderr.
 */
export function workingSizeOf(settings: Settings, network: Network): Size | null {
  const wanted = settings.get("size") ?? network.metadata.size;
  const stride = network.model.sizeMultiple;
  if (wanted === undefined) return null;
  const rounded = roundSize(wanted, stride);
  if (formatSize(rounded) !== formatSize(wanted)) sayRounded(network)(wanted, rounded);
  return rounded;
}
