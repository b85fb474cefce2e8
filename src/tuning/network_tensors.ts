/**
 * The graph of a network whose convolutions are tuned.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import { input, type Tensor } from "../graph/tensor.ts";
import type { Model } from "../nn/model.ts";
import { Network } from "../nn/network.ts";
import { gradients } from "../ops/gradients.ts";

/** Sizes at which a network is tuned. */
export interface TunedSizes {
  /** Images of a batch. */
  readonly batch: number;
  /** Rows of an image. */
  readonly height: number;
  /** Columns of an image. */
  readonly width: number;
  /** Number of classes. */
  readonly classes: number;
}

/** The results of a network's training step and of its inference, on images of the kind that the model takes. */
export function networkTensors(gpu: Gpu, model: Model, { batch, height, width, classes }: TunedSizes): Tensor[] {
  const names = Array.from({ length: classes }, (_, id) => `class ${id}`);
  const network = new Network(gpu, model, { classes: names });
  const images = input("images", [batch, model.takes.channels, height, width]);
  const { logits } = network.trainingLogits(images);
  const trainable = network.store.trainableTensors().map(({ tensor }) => tensor);
  const results = gradients(logits, trainable, input("output gradient", logits.shape));
  return [logits, ...results, network.logits(images, true)];
}
