/**
 * Images and label maps that are in memory already, such as the built-in towns' or those of a page's camera.
 *
 * @module
 */

import {
  makeLabelSample,
  makeSample,
  type PixelImage,
  type Sample,
  type SampleLabelMap,
  type SampleOptions,
  type SampleSource,
} from "./sample.ts";
import type { SoftLabelMap } from "./soft_label_map.ts";

/** An image in memory. Give it at the working size: another size is resized again each time it is used. */
export interface MemoryItem {
  /** The name of everything made from the image. */
  readonly name: string;
  /** Its pixels. */
  readonly image: PixelImage;
  /** Its labels; `null` where there are none. */
  readonly labels: SampleLabelMap | null;
  /** Soft labels that go with the labels. Default: none. */
  readonly softLabels?: SoftLabelMap;
}

/** The samples of images in memory. */
export class MemorySamples implements SampleSource<MemoryItem> {
  /** The samples of `items`, in their order. */
  async *load(items: Iterable<MemoryItem>, options: SampleOptions): AsyncGenerator<Sample, void, void> {
    for (const item of items) yield await this.loadOne(item, options);
  }

  /** The sample of one item; rejects where only labels are wanted and there are none. */
  loadOne(item: MemoryItem, options: SampleOptions): Promise<Sample> {
    return new Promise((resolve) => resolve(sampleOf(item, options)));
  }

  /** Whether an image has labels. */
  hasLabels({ labels }: MemoryItem): boolean {
    return labels !== null;
  }
}

function sampleOf({ name, image, labels, softLabels }: MemoryItem, options: SampleOptions): Sample {
  if (options.labels !== "only") return makeSample(name, image, labels, options, softLabels);
  if (labels === null) throw new Error(`Cannot load labels of ${name}: it has none`);
  return makeLabelSample(name, labels, options);
}
