/**
 * The spatial prior from the label files of the source images.
 *
 * @module
 */

import type { Item } from "../data/sample.ts";
import { accumulatePrior, type LabelBatch } from "../selftraining/spatial_prior.ts";
import type { RunContext } from "./training_run.ts";

/** Images in one launch. */
const batchSize = 16;

/** The prior of a run at its working size, in a buffer that the caller frees. */
export function spatialPrior(context: RunContext, items: readonly Item[]): Promise<GPUBuffer> {
  const { gpu, network, size } = context;
  return accumulatePrior(gpu, labelBatches(context, items), { classes: network.classCount, size });
}

async function* labelBatches({ loader, size }: RunContext, items: readonly Item[]): AsyncGenerator<LabelBatch> {
  const pixels = size.height * size.width;
  let labels = new Uint8Array(batchSize * pixels);
  let images = 0;
  for await (const sample of loader.load(items, { size, labels: "only" })) {
    if (sample.labels === null) throw new Error(`Cannot make a spatial prior of ${sample.name}: it has no labels`);
    labels.set(sample.labels, images * pixels);
    if (++images < batchSize) continue;
    yield { images, labels };
    labels = new Uint8Array(batchSize * pixels);
    images = 0;
  }
  if (images > 0) yield { images, labels };
}
