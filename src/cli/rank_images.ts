/**
 * `crosswalk rank-images`: writes a class-balanced choice of target images, one path a line.
 *
 * @module
 */

import { dirname, relative, sep } from "node:path";
import { openDataset, openLoader } from "../data/folder.ts";
import { isFolder } from "../data/image_files.ts";
import { listedPart, openList } from "../data/image_list.ts";
import { writeFileSafely } from "../disk/files.ts";
import { TerminalProgress } from "../report/progress.ts";
import { shown, terminal } from "../report/terminal.ts";
import { inspectItems, requireUsable } from "../run/inspection.ts";
import { chooseImages, countLabels } from "../selftraining/image_ranking.ts";
import { labelBatch, viewOptions } from "../settings/settings.ts";
import { readArguments } from "./arguments.ts";
import { openGpu, openNetwork, openShapes } from "./open.ts";

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("rank-images", args);
  const [target, count, out] = [settings.require("target"), settings.require("count"), settings.require("out")];
  const maxPixels = settings.get("max-pixels");
  const progress = new TerminalProgress();
  using gpu = await openGpu(settings.get("adapter"));
  const network = openNetwork(gpu, settings);
  const { classes, palette = [] } = network.metadata;
  const list = openList(settings.get("list"));
  const dataset = openDataset(target, { classes: { classes, palette }, layout: settings.get("layout"), list });
  const split = listedPart(dataset.split(settings.get("target-split")), dataset, list);
  for (const notice of split.notices) progress.line(notice);
  // Labels of the target are not looked at: the choice must not know them.
  const images = split.items.map((item) => ({ ...item, labelPath: null }));
  const inspected = await inspectItems(images, { name: "images", progress, maxPixels });
  requireUsable([inspected], { skipsBroken: true, progress });
  const { items } = inspected;
  if (count > items.length) terminal.say(`There are ${items.length} images only: all are written, the best first`);
  using loader = openLoader({ maxPixels });
  const shapes = openShapes(settings, network, inspected);
  const bar = progress.stage("labelling the images", items.length, { unit: "images", perStep: 1 });
  const counts = await countLabels(gpu, network, loader, items, {
    ...shapes,
    ...{ policy: "cbst", rule: "crst", portion: settings.get("portion"), stride: settings.get("stride") },
    views: viewOptions(settings),
    batch: labelBatch(settings, shapes),
    onProgress: (done) => bar.update(done),
  }).finally(() => bar.end());
  const chosen = chooseImages(counts, count);
  const root = isFolder(target) ? target : dirname(target);
  const paths = chosen.flatMap((index) => {
    const item = items[index];
    return item === undefined ? [] : [relative(root, item.imagePath).replaceAll(sep, "/")];
  });
  writeFileSafely(out, new TextEncoder().encode(paths.map((path) => `${path}\n`).join("")));
  const shares = sharesOf(counts, chosen, classes);
  if (settings.get("json")) {
    terminal.printJson({ out, candidates: items.length, images: paths, shares });
    return 0;
  }
  const width = Math.max(...classes.map((name) => shown(name).length));
  terminal.print(`Of the pixels that the network labels as a class, these ${paths.length} images hold:`);
  for (const [name, share] of Object.entries(shares)) {
    terminal.print(`  ${shown(name).padEnd(width)}  ${share === null ? "–" : `${(100 * share).toFixed(1)} %`}`);
  }
  terminal.say(`Wrote ${paths.length} of ${items.length} images to ${out}`);
  return 0;
}

/** Of the pixels of each class in all images, the share in the chosen ones; `null` where a class has none. */
function sharesOf(
  counts: readonly (readonly number[])[],
  chosen: readonly number[],
  classes: readonly string[],
): Record<string, number | null> {
  const sum = (places: Iterable<number>, id: number) =>
    [...places].reduce((total, place) => total + (counts[place]?.[id] ?? 0), 0);
  return Object.fromEntries(classes.map((name, id) => {
    const all = sum(counts.keys(), id);
    return [name, all === 0 ? null : sum(chosen, id) / all];
  }));
}
