/**
 * Gradient of `conv2d` at its weights.
 *
 * @module
 */

import shader from "../../../shaders/conv/conv2d_weight_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, type Range } from "../../graph/slices.ts";
import { splitSum, wantedInvocations } from "../../graph/split_sum.ts";
import { type DeviceTraits, type KernelPlan, Tensor } from "../../graph/tensor.ts";
import { sumOfRegions } from "../reduce/sum_of_slices.ts";
import { convolutionTunable } from "./candidates.ts";
import { fewInputsTile, fewInputsWeightGradCall, hasFewInputs } from "./few_inputs.ts";
import { type ConvolutionGeometry, outputPixels, sizesOfConvolution, taps } from "./geometry.ts";
import { operands } from "./operands.ts";
import { isProduct, transposedLeftProductCall, transposedLeftTile } from "./product.ts";
import { outputSlice, wholeProduct } from "./slices.ts";
import { gradientByInputChannels, inputChannels } from "./weight_slices.ts";
import { winogradWeightGradKernels } from "./winograd.ts";
import { byChannelBlocks } from "./winograd_slices.ts";
import { traitsForTile, winogradTile } from "./winograd_tile.ts";
import { usesWorkgroups, workgroupSplits, workgroupTransposedLeftCall } from "./workgroup_product.ts";

/** The most pixels that one invocation sums. */
const maxPixelsPerInvocation = 16_384;

/**
 * dw `[O, I, R, S]` from the input `[N, I, H, W]` and dy `[N, O, Ho, Wo]`.
 *
 * @param options the geometry of the convolution and the shape of its weights.
 */
export function conv2dWeightGrad(
  input: Tensor,
  outputGradient: Tensor,
  options: { readonly geometry: ConvolutionGeometry; readonly shape: readonly number[] },
): Tensor {
  const [outputs = 1, inputs = 1] = options.shape;
  return new Tensor({
    op: "conv2dWeightGrad",
    shape: options.shape,
    layout: "convolution",
    inputs: [input, outputGradient],
    kernels: (output, device) => allKernels(input, outputGradient, output, options.geometry, device),
    tunable: convolutionTunable(
      { direction: "weightGrad", inputs, outputs, geometry: options.geometry },
      (x, dy) => conv2dWeightGrad(x, dy, options),
    ),
  });
}

/** The launches. Slices are regions. If the weights or their sums are too large, slices are channels. */
function allKernels(
  input: Tensor,
  outputGradient: Tensor,
  output: Tensor,
  geometry: ConvolutionGeometry,
  device: DeviceTraits,
): KernelPlan {
  const slice = { ...geometry, wholeWeight: output };
  const tile = isProduct(geometry) ? null : winogradTile(geometry, output, device, { isWeightGrad: true });
  if (tile !== null) {
    const traits = traitsForTile(tile, device);
    return byChannelBlocks([input, outputGradient], output, traits, (x, dy, dw) => kernels(x, dy, dw, slice, device));
  }
  return gradientByInputChannels(
    output,
    device,
    () => inRegions(input, outputGradient, output, { geometry, device }),
    (some, channels) => inRegions(input, outputGradient, some, { geometry: slice, device, channels }),
  );
}

/** The launches, region by region. With `channels`, only of these channels of the input. */
function inRegions(
  input: Tensor,
  outputGradient: Tensor,
  output: Tensor,
  { geometry: all, device, channels }: {
    readonly geometry: ConvolutionGeometry;
    readonly device: DeviceTraits;
    readonly channels?: Range;
  },
): KernelPlan {
  return sumOfRegions(all, output, device, (region) => {
    const { geometry, source } = outputSlice(all, region);
    const [x, dy] = [imageRows(input, source), imageRows(outputGradient, region)];
    if (channels === undefined) return kernels(x, dy, output, geometry, device);
    const some = inputChannels(x, channels);
    const plan = kernels(some.input, dy, output, geometry, device);
    return { ...plan, calls: [some.call, ...plan.calls] };
  });
}

function kernels(
  input: Tensor,
  outputGradient: Tensor,
  output: Tensor,
  geometry: ConvolutionGeometry,
  device: DeviceTraits,
): KernelPlan {
  const [outputs = 1, inputs = 1] = output.shape;
  const inputVectors = paddedChannels(inputs) / 4;
  const outputVectors = paddedChannels(outputs) / 4;
  const pixels = outputPixels(geometry);
  const whole = wholeProduct(geometry, outputPixels, (outputVectors) => outputVectors);
  const sizes = { batches: 1, rows: pixels, inner: taps(geometry) * inputVectors, columns: outputVectors, whole };
  const inWorkgroups = usesWorkgroups(sizes, device);
  if (isProduct(geometry)) {
    const tile = transposedLeftTile(sizes, device);
    const tiles = inputVectors / tile.inner * (outputVectors / tile.vectors);
    const splits = inWorkgroups ? workgroupSplits(sizes, device) : splitCount(tiles, geometry, device);
    const product = { left: input, right: outputGradient, sizes };
    return splitSum(
      splits,
      output.bytes,
      device,
      (target) => transposedLeftProductCall(product, splits, target, device),
    );
  }
  const winograd = winogradTile(geometry, output, device, { isWeightGrad: true });
  if (winograd !== null) {
    return winogradWeightGradKernels(input, outputGradient, output, geometry, device, winograd);
  }
  if (hasFewInputs(geometry, output, device)) {
    const splits = splitCount(outputVectors / fewInputsTile(outputVectors), geometry, device);
    return splitSum(
      splits,
      output.bytes,
      device,
      (target) => fewInputsWeightGradCall(input, outputGradient, output, geometry, { splits, target, device }),
    );
  }
  const flops = 2 * pixels * outputs * inputs * taps(geometry);
  if (inWorkgroups) {
    const splits = workgroupSplits(sizes, device);
    const product = { left: input, right: outputGradient, sizes, patches: { geometry, vectors: inputVectors } };
    return splitSum(splits, output.bytes, device, (target) => ({
      ...workgroupTransposedLeftCall(product, splits, target, device),
      flops,
    }));
  }
  const tile = transposedLeftTile({ inner: inputVectors, columns: outputVectors }, device);
  const tiles = taps(geometry) * (inputVectors / tile.inner) * (outputVectors / tile.vectors);
  const splits = splitCount(tiles, geometry, device);
  const rows = Math.ceil(geometry.batch * geometry.outputHeight / splits);
  const { includes, bindings } = operands(device, input, outputGradient);
  return splitSum(splits, output.bytes, device, (target) => ({
    shader: { name: "conv/conv2d_weight_grad", text: shader, includes },
    constants: { TILE_INPUTS: tile.inner, TILE_OUTPUTS: tile.vectors },
    bindings: [...bindings, sizesOfConvolution(geometry, output.shape, splits), target],
    workgroups: grid(splits * tiles, 64),
    iterations: nestedIterations(rows, geometry.outputWidth),
    flops,
  }));
}

/**
 * The number of parts of the sum over output rows. There are enough to fill a GPU and to keep each invocation short,
 * and none is empty.
 */
function splitCount(tiles: number, geometry: ConvolutionGeometry, device: DeviceTraits): number {
  const rows = geometry.batch * geometry.outputHeight;
  const pixels = rows * geometry.outputWidth;
  const wanted = Math.max(
    device.schedule?.splits ?? wantedInvocations(device) / tiles,
    pixels / maxPixelsPerInvocation,
    1,
  );
  const perSplit = Math.max(1, Math.floor(rows / Math.min(rows, Math.ceil(wanted))));
  return Math.ceil(rows / perSplit);
}
