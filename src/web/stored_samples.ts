/**
 * Samples of images that are read one by one, when they are needed.
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
} from "../data/sample.ts";
import type { SoftLabelMap } from "../data/soft_label_map.ts";

/** An image with its labels. */
export interface StoredImage {
  readonly image: PixelImage;
  /** Its labels; `null` where there are none. */
  readonly labels: SampleLabelMap | null;
  /** Soft labels that go with the labels. Default: none. */
  readonly softLabels?: SoftLabelMap;
}

/** An image that is stored. */
export interface StoredItem {
  /** Its name. */
  readonly name: string;
  /** Whether it has labels. */
  readonly hasLabels: boolean;
  /** Reads it. */
  readonly read: () => Promise<StoredImage>;
}

/** The samples of stored images. */
export class StoredSamples implements SampleSource<StoredItem> {
  /** @param before is awaited before each image of {@link StoredSamples.load}. */
  constructor(readonly before: () => Promise<void> = () => Promise.resolve()) {}

  /** The samples of `items`, in their order. */
  async *load(items: Iterable<StoredItem>, options: SampleOptions): AsyncGenerator<Sample, void, void> {
    for (const item of items) {
      await this.before();
      yield await this.loadOne(item, options);
    }
  }

  /** The sample of one item; rejects where only labels are wanted and there are none. */
  async loadOne(item: StoredItem, options: SampleOptions): Promise<Sample> {
    const { image, labels, softLabels } = await item.read();
    if (options.labels !== "only") return makeSample(item.name, image, labels, options, softLabels);
    if (labels === null) throw new Error(`Cannot load labels of ${item.name}: it has none`);
    return makeLabelSample(item.name, labels, options);
  }

  /** Whether an image has labels. */
  hasLabels({ hasLabels }: StoredItem): boolean {
    return hasLabels;
  }
}
