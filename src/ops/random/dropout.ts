/**
 * Dropout without a generator's state. The mask follows from a key, which is written before each run. So a run that was
 * interrupted goes on with the same masks.
 *
 * @module
 */

import shader from "../../../shaders/random/dropout.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { inVectors, vectorRange } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";

/** Options of `dropout`. */
export interface DropoutOptions {
  /** Share of elements that become 0, in `[0, 1)`. */
  readonly probability: number;
  /** `[4]` numbers u32 of layout `"plain"`: seed, stage, step, layer. Equal keys give equal masks. */
  readonly key: Tensor;
  /**
   * What is dropped as one: each element by itself, or a channel of an image as a whole (PyTorch's `dropout2d`;
   * Tompson et al., 2015). Default `"elements"`.
   */
  readonly of?: "elements" | "channels";
}

/**
 * y = x / (1 − probability) for the elements that stay, and 0 for the others: any shape. The gradient has the same
 * mask.
 *
 * Element k of the i-th vec4 in memory stays if word k of Philox(key = (seed, layer), counter = (i, stage, step, 2)) is
 * at least probability · 2³² (`philox` of `src/random.ts`). Where channels are dropped, i counts the vec4 of images of
 * one pixel.
 *
 * @throws {RangeError} if the probability is not in `[0, 1)`, the key is not four u32, or channels are to be dropped of
 * what is no image.
 */
export function dropout(x: Tensor, options: DropoutOptions): Tensor {
  const { probability, key, of = "elements" } = options;
  if (!(probability >= 0 && probability < 1)) {
    refuse("dropout", `probability ${probability} is not in [0, 1)`);
  }
  if (key.dtype !== "u32" || key.layout !== "plain" || key.shape.join() !== "4") {
    refuse("dropout", `the key ${key} is ${key.dtype}, ${key.layout}; it must be four plain u32`);
  }
  const [, channels = 1, height = 1, width = 1] = x.shape;
  if (of === "channels" && (x.layout !== "activation" || x.shape.length !== 4)) {
    refuse("dropout", `${x} has no channels of an image`);
  }
  if (probability === 0) return x;
  const vectors = paddedChannels(channels) / 4;
  return new Tensor({
    op: "dropout",
    shape: x.shape,
    layout: x.layout,
    inputs: [x, key],
    gradient: (outputGradient) => [() => dropout(outputGradient, options), null],
    kernels: (output, device) =>
      inVectors(output, device, (range) => ({
        calls: [{
          shader: { name: "random/dropout", text: shader },
          constants: {
            VECTORS: range.count,
            FIRST: range.first,
            THRESHOLD: dropoutThreshold(probability),
            SCALE: 1 / (1 - probability),
            ...of === "elements" ? {} : { PER_CHANNEL: true, IMAGE: height * width * vectors, PIXEL: vectors },
          },
          bindings: [vectorRange(x, range), key, "output"],
          workgroups: grid(range.count, 64),
          iterations: 11,
          flops: 4 * range.count,
        }],
      })),
  });
}

/** An element is dropped if its random word is below this. */
function dropoutThreshold(probability: number): number {
  return Math.min(Math.round(probability * 2 ** 32), 2 ** 32 - 1);
}
