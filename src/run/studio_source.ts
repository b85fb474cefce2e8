/**
 * The labelled source images that the page for adaptation carries: some of a data set's, all at one size.
 *
 * @module
 */

import { openDataset, openLoader, readClassMap } from "../data/folder.ts";
import type { Colour } from "../data/encode.ts";
import { listedPart, openList } from "../data/image_list.ts";
import { labelledPart } from "../data/dataset.ts";
import { mostFrequent } from "../data/shapes.ts";
import { type Size, workingSize } from "../data/size.ts";
import { rgbPixels } from "../data/sample.ts";
import type { Model } from "../nn/model.ts";
import type { NetworkMetadata } from "../nn/network.ts";
import type { Progress } from "../selftraining/progress.ts";
import type { Settings } from "../settings/settings.ts";
import { divisible, runSize } from "../settings/working_sizes.ts";
import { inspectItems, requireUsable } from "./inspection.ts";
import { openToLearn, wantedLabelSet } from "./meeting.ts";

/** The most images that a page carries, and the most bytes of their pixels and labels. */
const most = { images: 100, bytes: 32e6 };

/** Labelled images of one size. */
export interface StudioSource {
  /** The classes of the labels, and a colour for each. */
  readonly classes: readonly string[];
  readonly palette: readonly Colour[];
  /** Size of all images. */
  readonly size: Size;
  /** Red, green and blue of each pixel, `[N, height, width, 3]`. */
  readonly images: Uint8Array<ArrayBuffer>;
  /** Train ids `[N, height, width]`, 255 = ignored. */
  readonly labels: Uint8Array<ArrayBuffer>;
  /** How many images there are, and how many the data set has. */
  readonly count: number;
  readonly available: number;
}

/** The network that will be adapted. */
export interface StudioNetwork {
  readonly model: Model;
  /** What its weight file says; `null` if it begins without weights. */
  readonly metadata: Pick<NetworkMetadata, "classes" | "palette" | "size"> | null;
}

/**
 * Reads source images for the page: at most 100 and 32 MB, spread evenly over the split. All are brought to the size
 * that is most frequent among them at the network's working size.
 *
 * @throws {Error} where the data set or a file of it cannot be used, or it has other classes than the network.
 */
export async function readStudioSource(
  path: string,
  settings: Settings,
  { model, metadata }: StudioNetwork,
  progress: Progress,
): Promise<StudioSource> {
  const say = progress.line.bind(progress);
  const mapPath = settings.get("class-map");
  const open = {
    ...{ layout: settings.get("source-layout"), list: openList(settings.get("source-list")) },
    classMap: mapPath === undefined ? undefined : readClassMap(mapPath),
  };
  const wanted = wantedLabelSet(settings);
  const { classes, palette = undefined } = metadata ?? wanted ?? openDataset(path, open);
  const dataset = openToLearn(path, { classes: [...classes] }, { ...open, wanted, say });
  const split = labelledPart(listedPart(dataset.split(settings.get("source-split")), dataset, open.list), dataset);
  const maxPixels = settings.get("max-pixels");
  const inspected = await inspectItems(split.items, { name: "source images", progress, maxPixels });
  requireUsable([inspected], { skipsBroken: settings.get("skip-broken"), progress });
  const wantedSize = runSize(
    settings,
    { model, recorded: metadata?.size },
    { source: inspected.sizes, adapts: true },
    say,
  );
  const typical = mostFrequent(inspected.sizes.map((own) => workingSize(own, wantedSize)));
  const size = divisible(typical, "size", model, say);
  const available = inspected.items.length;
  const pixels = size.height * size.width;
  const count = Math.min(available, most.images, Math.max(1, Math.floor(most.bytes / (4 * pixels))));
  const items = inspected.items.filter((_, index) =>
    Math.floor(index * count / available) !== Math.floor((index - 1) * count / available)
  );
  const images = new Uint8Array(3 * pixels * count);
  const labels = new Uint8Array(pixels * count).fill(255);
  using loader = openLoader({ cacheBytes: 0, maxPixels });
  const bar = progress.stage("packing the source", count, { unit: "images", perStep: 1 });
  let done = 0;
  for await (const sample of loader.load(items, { size, maxPixels })) {
    const rgba = rgbPixels(sample.image, sample.name);
    for (let pixel = 0; pixel < pixels; pixel++) {
      images.set(rgba.subarray(4 * pixel, 4 * pixel + 3), 3 * (done * pixels + pixel));
    }
    if (sample.labels !== null) labels.set(sample.labels, done * pixels);
    bar.update(++done);
  }
  bar.end();
  return { classes, palette: palette ?? dataset.palette, size, images, labels, count, available };
}
