/**
 * What commands that run a network share: opening the GPU, a network from a weight file, a data set that fits it, and the
 * working size.
 *
 * @module
 */

import type { ClassMap } from "../data/class_map.ts";
import { type Dataset, requireClasses } from "../data/dataset.ts";
import { openDataset, readClassMap } from "../data/folder.ts";
import { formatSize, roundedSizeText, roundSize, type Size } from "../data/size.ts";
import { Gpu } from "../gpu/gpu.ts";
import { loadNetwork, type Network } from "../nn/network.ts";
import { readFile } from "../disk/files.ts";
import { keptKind } from "../tuning/kept_kind.ts";
import type { Settings } from "../settings/settings.ts";
import { adapterKey, loadTuning } from "../tuning/table.ts";

/**
 * Opens an adapter, with the kind that was found of it and the schedules that were tuned for it.
 *
 * @param adapter its number or a part of its name; without it, the fastest.
 */
export function openGpu(adapter: string | undefined): Promise<Gpu> {
  return Gpu.open({ adapter, kind: keptKind, tuning: (opened) => loadTuning(adapterKey(opened)) });
}

/** The network of a weight file, for labelling only. */
export function openNetwork(gpu: Gpu, path: string): Network {
  return loadNetwork(gpu, readFile(path), path, { trainable: false });
}

/** A data set whose classes, after the class map of the settings, are those wanted. */
export function openFitting(path: string, settings: Settings, classes: readonly string[]): Dataset {
  const classMap = openClassMap(settings);
  const dataset = openDataset(path, { classMap });
  requireClasses(dataset, classes, classMap);
  return dataset;
}

/** The class map of the settings, if any. */
export function openClassMap(settings: Settings): ClassMap | undefined {
  const path = settings.get("class-map");
  return path === undefined ? undefined : readClassMap(path);
}

/** Says on stderr that images of one size are worked on at another; for `loadSplit`, which calls it once. */
export function sayRounded(network: Network): (wanted: Size, rounded: Size) => void {
  return (wanted, rounded) => console.error(roundedSizeText("size", wanted, rounded, network.model.sizeMultiple));
}

/**
 * The working size: `--size` or the recipe's, else the one in the weights' metadata, else `null`: each image's own.
 * Sides that the network's output stride does not divide are rounded to the nearest that it does, said once on stderr.
 */
export function workingSizeOf(settings: Settings, network: Network): Size | null {
  const wanted = settings.get("size") ?? network.metadata.size;
  const stride = network.model.sizeMultiple;
  if (wanted === undefined) return null;
  const rounded = roundSize(wanted, stride);
  if (formatSize(rounded) !== formatSize(wanted)) sayRounded(network)(wanted, rounded);
  return rounded;
}
