/**
 * 3×3 convolutions by Winograd's minimal filtering F(4×4, 3×3): 36 multiplications for 16 outputs instead of 144 (Lavin &
 * Gray, CVPR 2016). Tiles of input and weights are transformed, multiplied as 36 matrix products, and transformed back.
 * The input gradient is the same with flipped, transposed weights; the weight gradient has a form of its own.
 *
 * @module
 */

import inputShader from "../../../shaders/winograd/winograd_input.wgsl" with { type: "text" };
import outputShader from "../../../shaders/winograd/winograd_output.wgsl" with { type: "text" };
import outputGradShader from "../../../shaders/winograd/winograd_output_grad.wgsl" with { type: "text" };
import weightShader from "../../../shaders/winograd/winograd_weight.wgsl" with { type: "text" };
import weightGradShader from "../../../shaders/winograd/winograd_weight_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import type { DeviceTraits, KernelCall, KernelPlan, Tensor } from "../../graph/tensor.ts";
import { type Epilogue, epilogueBindings, epilogueConstants } from "./epilogue.ts";
import { type ConvolutionGeometry, geometryConstants } from "./geometry.ts";
import { operands } from "./operands.ts";
import { productCall, transposedLeftProductCall } from "./product.ts";
import { weightsByOutput } from "./weight_order.ts";
import { usesWorkgroups, workgroupProductCall, workgroupSplits } from "./workgroup_product.ts";

/** Places of a transformed tile. */
const places = 36;
/**
 * Channels on either side below which the transforms cost more than the multiplications they save. On a software adapter they
 * are cheap. A GPU moves 44 bytes per pixel and channel for them and saves 13.5 flop per pixel and pair of channels: at half
 * the peak rate and some 35 flop per byte, that is even at 57 channels.
 */
function leastChannels(device: DeviceTraits): number {
  return device.software ? 32 : 64;
}

/** Transformed tensors larger than this are not worth their memory; the direct form takes none. */
const mostScratchBytes = 2 ** 27;
/** Tiles that one invocation sums over in the weight gradient, at most. */
const maxTilesPerInvocation = 512;

/** Whether a convolution, or its gradients, goes by Winograd. */
export function usesWinograd(geometry: ConvolutionGeometry, weight: Tensor, device: DeviceTraits): boolean {
  const [outputs = 1, inputs = 1] = weight.shape;
  if (device.direct === true || !allowsWinograd(geometry, inputs, outputs)) return false;
  const method = device.schedule?.method;
  if (method !== undefined) return method === "winograd";
  return Math.min(inputs, outputs) >= leastChannels(device) && !isWasteful(geometry);
}

/** Whether the method can compute a convolution and its gradients, fast or not. */
export function allowsWinograd(geometry: ConvolutionGeometry, inputs: number, outputs: number): boolean {
  const { kernelHeight, kernelWidth, stride } = geometry;
  if (kernelHeight !== 3 || kernelWidth !== 3 || stride !== 1) return false;
  const tiles = tileCount(geometry);
  const imageBytes = places * tiles * paddedChannels(Math.max(inputs, outputs)) * 4;
  // Of the weight gradient, which sums in parts; the transformed weights are one part.
  const weightBytes = weightSplits(tiles) * places * paddedChannels(inputs) * paddedChannels(outputs) * 4;
  return Math.max(imageBytes, weightBytes) <= mostScratchBytes;
}

/** Parts of the sum over tiles in the weight gradient. */
function weightSplits(tiles: number): number {
  return Math.ceil(tiles / maxTilesPerInvocation);
}

/** Tiles at the border, or in the phases of a large dilation, may be mostly outside the image. */
function isWasteful(geometry: ConvolutionGeometry): boolean {
  const { batch, outputHeight, outputWidth } = geometry;
  return 16 * tileCount(geometry) > 2 * batch * outputHeight * outputWidth;
}

/** Tiles of 4×4 outputs, phases of the dilation apart. */
function tileCount({ batch, outputHeight, outputWidth, dilation }: ConvolutionGeometry): number {
  const along = (size: number) => dilation * Math.ceil(Math.ceil(size / dilation) / 4);
  return batch * along(outputHeight) * along(outputWidth);
}

/** The launches of a convolution, or with `transposed` of its input gradient, whose geometry is then that of the latter. */
export function winogradKernels(
  input: Tensor,
  weight: Tensor,
  geometry: ConvolutionGeometry,
  device: DeviceTraits,
  options: { readonly epilogue?: Epilogue | undefined; readonly transposed?: boolean },
): KernelPlan {
  const { epilogue, transposed = false } = options;
  const [outputs = 1, inputs = 1] = weight.shape;
  const inputVectors = paddedChannels(transposed ? outputs : inputs) / 4;
  const outputVectors = paddedChannels(transposed ? inputs : outputs) / 4;
  const tiles = tileCount(geometry);
  const [v, u, m] = [{ scratch: 0 }, { scratch: 1 }, { scratch: 2 }];
  const pairs = paddedChannels(inputs) * paddedChannels(outputs) / 4;
  const sizes = { batches: places, rows: tiles, inner: inputVectors, columns: outputVectors };
  // Products through workgroup memory transpose on the way; others take transposed weights.
  const inWorkgroups = usesWorkgroups(sizes, device);
  const turned = transposed && !inWorkgroups ? { scratch: 3 } : undefined;
  const result = operands(device, m);
  return {
    calls: [
      ...turned === undefined ? [] : [weightsByOutput(weight, turned)],
      tileTransform("winograd/winograd_input", inputShader, input, v, { geometry, vectors: inputVectors, device }),
      {
        shader: { name: "winograd/winograd_weight", text: weightShader },
        constants: { FLIPPED: transposed },
        bindings: [turned ?? weight, { uniform: [pairs] }, u],
        workgroups: grid(pairs, 64),
        iterations: 0,
      },
      {
        ...inWorkgroups
          ? workgroupProductCall({ left: v, right: u, sizes, transposed }, 1, m, device)
          : productCall({ left: v, right: u, sizes }, m, device),
        flops: directFlops(geometry, inputs, outputs),
      },
      {
        shader: { name: "winograd/winograd_output", text: outputShader, includes: result.includes },
        constants: {
          ...geometryConstants(geometry),
          VECTORS: outputVectors,
          ...epilogueConstants(epilogue),
        },
        bindings: [...result.bindings, ...epilogueBindings(epilogue, weight), "output"],
        workgroups: grid(tiles * outputVectors, 64),
        iterations: 0,
      },
    ],
    scratchBytes: [
      ...[places * tiles * inputVectors * 16, places * pairs * 16, places * tiles * outputVectors * 16],
      ...turned === undefined ? [] : [weight.bytes],
    ],
  };
}

/** The launches of a weight gradient. */
export function winogradWeightGradKernels(
  input: Tensor,
  outputGradient: Tensor,
  weightGradient: Tensor,
  geometry: ConvolutionGeometry,
  device: DeviceTraits,
): KernelPlan {
  const [outputs = 1, inputs = 1] = weightGradient.shape;
  const inputVectors = paddedChannels(inputs) / 4;
  const outputVectors = paddedChannels(outputs) / 4;
  const tiles = tileCount(geometry);
  const [v, e, sums] = [{ scratch: 0 }, { scratch: 1 }, { scratch: 2 }];
  const sizes = { batches: places, rows: tiles, inner: inputVectors, columns: outputVectors };
  const pairs = inputVectors * 4 * outputVectors;
  const mostSplits = Math.floor(mostScratchBytes / (places * pairs * 16));
  const splits = usesWorkgroups(sizes, device)
    ? Math.min(workgroupSplits(sizes, device), mostSplits)
    : weightSplits(tiles);
  return {
    calls: [
      tileTransform("winograd/winograd_input", inputShader, input, v, { geometry, vectors: inputVectors, device }),
      tileTransform("winograd/winograd_output_grad", outputGradShader, outputGradient, e, {
        geometry,
        vectors: outputVectors,
        device,
      }),
      {
        ...transposedLeftProductCall({ left: v, right: e, sizes }, splits, sums, device),
        flops: directFlops(geometry, inputs, outputs),
      },
      {
        shader: { name: "winograd/winograd_weight_grad", text: weightGradShader },
        constants: {},
        bindings: [sums, { uniform: [pairs] }, "output"],
        workgroups: grid(pairs, 64),
        iterations: places * (splits + 1),
      },
    ],
    scratchBytes: [
      places * tiles * inputVectors * 16,
      places * tiles * outputVectors * 16,
      splits * places * pairs * 16,
    ],
  };
}

/** What the direct form would take: the work done, however few multiplications it took. */
function directFlops({ batch, outputHeight, outputWidth }: ConvolutionGeometry, inputs: number, outputs: number) {
  return 2 * batch * outputHeight * outputWidth * inputs * outputs * 9;
}

function tileTransform(
  name: string,
  text: string,
  from: Tensor,
  to: { readonly scratch: number },
  { geometry, vectors, device }: {
    readonly geometry: ConvolutionGeometry;
    readonly vectors: number;
    readonly device: DeviceTraits;
  },
): KernelCall {
  const { includes, bindings } = operands(device, from);
  return {
    shader: { name, text, includes },
    constants: { ...geometryConstants(geometry), VECTORS: vectors },
    bindings: [...bindings, to],
    workgroups: grid(tileCount(geometry) * vectors, 64),
    iterations: 0,
  };
}
