/**
 * What commands that run a network share: they open the GPU, a network from a weight file and a data set with the
 * network's classes, and choose the working size.
 *
 * @module
 */

import type { ClassMap } from "../data/class_map.ts";
import { readClassMap } from "../data/folder.ts";
import type { Shapes } from "../data/shapes.ts";
import { Gpu } from "../gpu/gpu.ts";
import { type Network, networkWith } from "../nn/network.ts";
import { openWeights, type WeightOptions } from "../run/weights.ts";
import { modelVariant } from "../settings/model_variant.ts";
import { type OwnImages, requireKind, requireScanOptions, scanShapes } from "../run/scan_runs.ts";
import { shapesOf, wantedSize } from "../settings/working_sizes.ts";
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

/**
 * The network of the settings' weight file, for labelling only.
 *
 * @param options whether the command merges the network's classes into those of the settings' label set.
 */
export function openNetwork(
  gpu: Gpu,
  settings: Settings,
  options: Pick<WeightOptions, "mergesClasses"> = {},
): Network {
  const opened = openWeights(settings.require("weights"), { ...weightOptions(settings), ...options });
  for (const notice of opened.notices) terminal.say(notice);
  return networkWith(gpu, opened, { source: opened.path, trainable: false });
}

/** What the settings say about a weight file. */
export function weightOptions(settings: Settings): WeightOptions {
  const model = settings.get("model");
  return {
    model: model === "auto" ? undefined : model,
    variant: modelVariant(settings),
    labelSet: settings.get("label-set"),
  };
}

/** The class map of the settings, if one is given. */
export function openClassMap(settings: Settings): ClassMap | undefined {
  const path = settings.get("class-map");
  return path === undefined ? undefined : readClassMap(path);
}

/**
 * At which sizes a command works on images.
 *
 * @throws {ReasonedError} if the network does not take such images.
 */
export function openShapes(settings: Settings, { metadata, model }: Network, images: OwnImages): Shapes {
  const say = terminal.say.bind(terminal);
  const { items, sizes: own } = images;
  requireKind(model, items);
  if (model.takes.scans !== undefined) {
    requireScanOptions(settings);
    return scanShapes(settings, metadata.size, model, [images], say);
  }
  return shapesOf(wantedSize(settings, metadata.size, model, say), own, model, say);
}
