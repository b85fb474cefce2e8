/**
 * The mean of each channel over a whole image.
 *
 * @module
 */

import shader from "../../../shaders/pool/global_average_pool.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, inRanges, pixelRange, type Range } from "../../graph/slices.ts";
import { noEpilogue, splitSum } from "../../graph/split_sum.ts";
import { type DeviceTraits, type KernelBinding, type KernelCall, type KernelPlan, Tensor } from "../../graph/tensor.ts";
import { type PixelSlice, type PixelSplits, pixelSplits, pixelSumCalls } from "../reduce/pixel_splits.ts";
import { globalAveragePoolGrad } from "./global_average_pool_grad.ts";

/** y[n,c] = mean of x[n,c,·,·]: `[N, C, H, W]` → `[N, C, 1, 1]`. The order of the sum depends on the shape only. */
export function globalAveragePool(x: Tensor): Tensor {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  return new Tensor({
    op: "globalAveragePool",
    shape: [batch, channels, 1, 1],
    inputs: [x],
    gradient: (outputGradient) => [() => globalAveragePoolGrad(outputGradient, { height, width })],
    kernels: (output, device) => {
      const images = { count: batch, multiple: 1 };
      const splits = pixelSplits(height * width, batch * paddedChannels(channels) / 4, device);
      const imagesOf = (images: Range) => imageRows(output, { images, rows: { first: 0, count: 1 } });
      return inRanges(images, output, device, (images) =>
        kernels(
          imageRows(x, { images, rows: { first: 0, count: height } }),
          imagesOf(images),
          { splits, wholeBytes: output.bytes },
          device,
        ), imagesOf);
    },
  });
}

/** The launches that compute the means of some images. Their sums are cut into the same parts as in the whole batch. */
function kernels(
  x: Tensor,
  output: Tensor,
  { splits, wholeBytes }: { readonly splits: PixelSplits; readonly wholeBytes: number },
  device: DeviceTraits,
): KernelPlan {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  const vectors = paddedChannels(channels) / 4;
  const call = (source: Tensor, { pixels, ...slice }: PixelSlice, target: KernelBinding): KernelCall => ({
    shader: { name: "pool/global_average_pool", text: shader },
    constants: {
      BATCH: batch,
      PIXELS: pixels.count,
      VECTORS: vectors,
      SPLITS: slice.splits,
      PIXELS_PER_SPLIT: slice.pixelsPerSplit,
      IMAGE_PIXELS: height * width,
    },
    bindings: [source, target],
    workgroups: grid(slice.splits * batch * vectors, 64),
    iterations: slice.pixelsPerSplit + 1,
    flops: 4 * batch * pixels.count * vectors,
  });
  const all = { ...splits, pixels: { first: 0, count: height * width } };
  const sum = (first: (target: KernelBinding) => KernelCall | readonly KernelCall[]) =>
    splitSum(splits.splits, output.bytes, device, first, { ...noEpilogue, wholeBytes });
  if (batch > 1) return sum((target) => call(x, all, target));
  return sum((target) =>
    pixelSumCalls(
      height * width,
      splits,
      target,
      output,
      device,
      (slice, target) => call(pixelRange(x, slice.pixels), slice, target),
    )
  );
}
