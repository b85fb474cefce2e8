/**
 * A class-balanced choice of target images. The papers adapt to 505 of Cityscapes' 2,975 training images and do not say
 * how these were chosen; this score is our own.
 *
 * The network labels all images with class-balanced thresholds, as a round of self-training does. Let n(i, c) be the
 * pixels of image i that get the label c, and N(c) their sum over all images. A set S of images is worth
 *
 *     F(S) = Σ_c √( Σ_{i ∈ S} n(i, c) / N(c) ).
 *
 * So each class counts alike, however rare it is, and a class of which S holds much adds little more. F is monotone and
 * submodular. Images are added one by one, always the one that adds most, which is at least 1 − 1/e of the best possible
 * choice (Nemhauser, Wolsey and Fisher, 1978). The first images of a choice are the choice of fewer.
 *
 * @module
 */

import type { SampleLabelMap, SampleSource } from "../data/sample.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Network } from "../nn/network.ts";
import { type LabellingOptions, labelTarget } from "./labelling.ts";
import { Precision } from "./precision.ts";
import type { LabelSink } from "./store.ts";

/**
 * The labels that each image gets from a network: for each image the number of pixels of each class.
 *
 * @param options as for labelling in a round.
 */
export async function countLabels<Item>(
  gpu: Gpu,
  network: Network,
  samples: SampleSource<Item>,
  items: readonly Item[],
  options: LabellingOptions,
): Promise<number[][]> {
  const counts: number[][] = [];
  const sink: LabelSink = {
    write({ labels }: SampleLabelMap) {
      const ofImage = new Array<number>(network.classCount).fill(0);
      for (const label of labels) {
        if (label < ofImage.length) ofImage[label] = (ofImage[label] ?? 0) + 1;
      }
      counts.push(ofImage);
      return Promise.resolve();
    },
    finish: () => Promise.resolve(new Precision(network.classCount).shares()),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  await labelTarget(gpu, network, samples, items, sink, options);
  return counts;
}

/**
 * Chooses images by the pixels of each class in them.
 *
 * @param counts for each image the number of pixels of each class.
 * @param count how many images to choose; all are ordered where there are fewer.
 * @returns the places of the chosen images, the one that was chosen first at first. Of equally good ones the earlier one
 * is chosen.
 */
export function chooseImages(counts: readonly (readonly number[])[], count: number): number[] {
  const classes = counts[0]?.length ?? 0;
  const totals = Array.from(
    { length: classes },
    (_, id) => counts.reduce((sum, ofImage) => sum + (ofImage[id] ?? 0), 0),
  );
  const shares = counts.map((ofImage) =>
    ofImage.map((pixels, id) => (totals[id] ?? 0) === 0 ? 0 : pixels / (totals[id] ?? 1))
  );
  const held = new Array<number>(classes).fill(0);
  const left = new Set(counts.keys());
  const chosen: number[] = [];
  while (chosen.length < Math.min(count, counts.length)) {
    let best = -1;
    let most = -1;
    for (const image of left) {
      const gain = gainOf(shares[image] ?? [], held);
      if (gain > most) [best, most] = [image, gain];
    }
    shares[best]?.forEach((share, id) => held[id] = (held[id] ?? 0) + share);
    left.delete(best);
    chosen.push(best);
  }
  return chosen;
}

/** How much F grows by an image. */
function gainOf(shares: readonly number[], held: readonly number[]): number {
  let gain = 0;
  for (let id = 0; id < held.length; id++) {
    const before = held[id] ?? 0;
    const share = shares[id] ?? 0;
    if (share > 0) gain += Math.sqrt(before + share) - Math.sqrt(before);
  }
  return gain;
}
