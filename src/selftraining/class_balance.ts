/**
 * Weights of the classes in the training loss, balanced by how frequent the classes are.
 *
 * @module
 */

import type { SampleSource } from "../data/sample.ts";
import type { WorkingSize } from "../data/size.ts";

/**
 * The number of pixels of each class in the labels of images, at the working size.
 *
 * @throws {Error} if an image has no labels.
 */
export async function classPixels<Item>(
  samples: SampleSource<Item>,
  items: readonly Item[],
  classes: number,
  size: WorkingSize,
): Promise<number[]> {
  const pixels = new Array<number>(classes).fill(0);
  for await (const { labels } of samples.load(items, { size, labels: "only" })) {
    labels?.forEach((id) => {
      if (id < classes) pixels[id] = (pixels[id] ?? 0) + 1;
    });
  }
  return pixels;
}

/**
 * Weights that give every class the same influence, from the number of labelled pixels of each class:
 *
 * weight[c] = (1 / pixels[c]) / mean over present classes of (1 / pixels)
 *
 * So the mean weight of the present classes is 1. A class without pixels weighs 1.
 */
export function balancedWeights(pixels: readonly number[]): number[] {
  const present = pixels.filter((count) => count > 0);
  const mean = present.reduce((sum, count) => sum + 1 / count, 0) / present.length;
  return pixels.map((count) => count > 0 ? 1 / count / mean : 1);
}
