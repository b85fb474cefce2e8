/**
 * What differs in runs on LiDAR scans: the size of the range images, the room for points, and the options that say
 * nothing to scans.
 *
 * @module
 */

import type { FileItem } from "../data/file_item.ts";
import { kittiSensor } from "../data/scans/sensor.ts";
import { exactly, type RunShapes } from "../data/shapes.ts";
import { isExact, type Size } from "../data/size.ts";
import { ReasonedError, UsageError } from "../errors.ts";
import type { Model } from "../nn/model.ts";
import { findModel } from "../nn/models/mod.ts";
import { roomForPoints } from "../nn/scan_ranges.ts";
import { rangeSize } from "../selftraining/inference.ts";
import { narrowestRing } from "../selftraining/rings.ts";
import { type OptionKey, options } from "../settings/options.ts";
import { readValue, type Settings } from "../settings/settings.ts";
import type { InspectedSplit } from "./inspection.ts";
import type { RunData } from "./context.ts";
import { divisible, type RunSizes, wantedSize } from "../settings/working_sizes.ts";

/** Images of one split, as far as they were looked at. */
export type OwnImages = Pick<InspectedSplit, "items" | "sizes">;

/**
 * Makes sure that a network takes the images that it is given: a network for scans LiDAR scans, another network other
 * images.
 *
 * @throws {ReasonedError} naming the first image that it does not take.
 */
export function requireKind({ name, takes }: Model, items: readonly Pick<FileItem, "imagePath" | "sensor">[]): void {
  const stranger = items.find(({ sensor }) => (sensor === undefined) !== (takes.scans === undefined));
  if (stranger === undefined) return;
  throw takes.scans === undefined
    ? new ReasonedError(
      `The network ${name} takes images, and ${stranger.imagePath} is a LiDAR scan`,
      "network for images",
    )
    : new ReasonedError(
      `The network ${name} takes LiDAR scans, and ${stranger.imagePath} is none`,
      "network for scans",
    );
}

/**
 * The options that say nothing to scans, with the value that asks for nothing: how images are scaled, cut and coloured.
 */
const foreignOptions: Readonly<Partial<Record<OptionKey, unknown>>> = {
  ...{ crop: "whole", "scale-range": [1, 1], "scale-steps": "any", "target-scale-range": [1, 1], mirror: false },
  ...{ jitter: 0, mining: "off", "loss-at": "image", scales: [1], "test-scales": [1], "short-side": "own" },
};

/** @throws {UsageError} naming the option that says nothing to scans, where it asks for something, or soft labels. */
export function requireScanOptions(settings: Settings): void {
  if (settings.has("policy") && settings.get("policy") === "lrent") {
    throw new UsageError(
      "Choose --policy cbst or st: LiDAR scans are trained on hard labels, and lrent makes soft ones",
    );
  }
  const given = settings.toJSON();
  for (const [key, nothing] of Object.entries(foreignOptions)) {
    const option = options.find((one) => one.key === key);
    const usual = option?.default === undefined ? undefined : readValue(option, option.default);
    const allowed = [undefined, nothing, usual].map((value) => JSON.stringify(value));
    if (allowed.includes(JSON.stringify(given[key]))) continue;
    throw new UsageError(`Leave out --${key}: it does not apply to LiDAR scans`);
  }
}

/**
 * The network as it is trained on scans where no option says how their channels are scaled: those of nuScenes' rule are
 * not, as published for its recipe. The weight file records it.
 */
export function scanModel(settings: Settings, model: Model, items: readonly Pick<FileItem, "sensor">[]): Model {
  const isOfRings = items.some(({ sensor }) => sensor?.rule === "ring");
  if (model.takes.scans === undefined || settings.has("scaling") || !isOfRings) return model;
  return findModel(model.name, { ...model.variant, scaling: "raw" });
}

/**
 * Makes sure that thresholds by class and ring can be had where they are asked for.
 *
 * @throws {UsageError} where images are no scans, there is one threshold for all classes, or rings are too narrow.
 */
export function requireRings(settings: Settings, { takes }: Pick<Model, "takes">): void {
  const metres = settings.get("rings");
  if (metres === 0) return;
  if (takes.scans === undefined) throw new UsageError("Leave out --rings: only LiDAR scans have rings");
  if (settings.get("policy") === "st") {
    throw new UsageError("Leave out --rings, or choose --policy cbst: with st all classes have one threshold");
  }
  if (metres < narrowestRing) throw new UsageError(`--rings must be 0 or at least ${narrowestRing}, not ${metres}`);
}

/**
 * At which sizes scans are worked on: all are projected to range images of one size. It is that of `--size`, without it
 * that of the weights, without that the size of the first sensor.
 *
 * @param say is told if `--size` is rounded to what the network takes.
 */
export function scanShapes(
  settings: Settings,
  recorded: Size | undefined,
  model: Model,
  images: readonly OwnImages[],
  say: (text: string) => void,
): RunShapes {
  const sensor = images.flatMap(({ items }) => items).find(({ sensor }) => sensor !== undefined)?.sensor ??
    kittiSensor;
  const wanted = settings.has("size") ? wantedSize(settings, undefined, model, say) : recorded ?? null;
  const size = isExact(wanted) ? wanted : divisible(rangeSize(null, sensor), "size", model, say);
  return { ...exactly(size), points: mostPoints(images) };
}

/** The most points of a scan. */
function mostPoints(images: readonly OwnImages[]): number {
  return images.flatMap(({ sizes }) => sizes).reduce((most, { height }) => Math.max(most, height), 0);
}

/** The sizes of a run on scans. */
export function scanSizes(
  settings: Settings,
  { model, recorded }: { readonly model: Model; readonly recorded: Size | undefined },
  { inspected: { source, target, evaluation } }: Pick<RunData, "inspected">,
  say: (text: string) => void,
): RunSizes {
  const shapes = scanShapes(
    settings,
    recorded,
    model,
    [source, target, ...evaluation === null ? [] : [evaluation]],
    say,
  );
  return { shapes, room: { height: roomForPoints(shapes.points ?? 0), width: 1 } };
}
