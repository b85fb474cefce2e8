/**
 * 3×3 convolutions by Winograd's minimal filtering (Lavin & Gray, CVPR 2016): F(4×4, 3×3) takes 36 multiplications for 16 outputs
 * instead of 144, F(2×2, 3×3) 16 for 4 instead of 36. Tiles of input and weights are transformed, multiplied as 36 or 16 matrix
 * products, and transformed back. The input gradient is the same with flipped, transposed weights; the weight gradient has a form of its own.
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
import { type ConvolutionGeometry, geometryConstants, taps, tapsInside } from "./geometry.ts";
import { operands } from "./operands.ts";
import { productCall, transposedLeftProductCall } from "./product.ts";
import { weightsByOutput } from "./weight_order.ts";
import { usesWorkgroups, workgroupProductCall, workgroupSplits } from "./workgroup_product.ts";

/** Outputs along a side of a tile: F(4×4, 3×3) or F(2×2, 3×3). */
export type WinogradTile = 4 | 2;

/** Every tile, the one that saves most first. */
export const winogradTiles = [4, 2] as const satisfies readonly WinogradTile[];

/** The methods, by tile. */
export const winogradMethods = { 4: "winograd", 2: "winograd 2×2" } as const;

/** Transformed tensors larger than this are not worth their memory; the direct form takes none. */
const mostScratchBytes = 2 ** 27;
/** Tiles that one invocation sums over in the weight gradient, at most. */
const maxTilesPerInvocation = 512;

/**
 * The tile by which a convolution is computed, or its input gradient, whose geometry is then that of the latter; `null` for the
 * direct form. With `isWeightGrad` that of the weight gradient.
 */
export function winogradTile(
  geometry: ConvolutionGeometry,
  weight: Tensor,
  device: DeviceTraits,
  { isWeightGrad = false }: { readonly isWeightGrad?: boolean } = {},
): WinogradTile | null {
  const [outputs = 1, inputs = 1] = weight.shape;
  if (device.direct === true) return null;
  const allowed = winogradTiles.filter((tile) => allowsWinograd(geometry, inputs, outputs, tile));
  const method = device.schedule?.method;
  if (method !== undefined) return allowed.find((tile) => winogradMethods[tile] === method) ?? null;
  if (device.software) return fastestTile(allowed, geometry, [inputs, outputs], isWeightGrad);
  return allowed.includes(4) && suitsGpus(geometry, inputs, outputs) ? 4 : null;
}

/** Whether the method can compute a convolution and its gradients, fast or not. */
export function allowsWinograd(
  geometry: ConvolutionGeometry,
  inputs: number,
  outputs: number,
  tile: WinogradTile,
): boolean {
  const { kernelHeight, kernelWidth, stride } = geometry;
  if (kernelHeight !== 3 || kernelWidth !== 3 || stride !== 1) return false;
  const tiles = tileCount(geometry, tile);
  const imageBytes = placeCount(tile) * tiles * paddedChannels(Math.max(inputs, outputs)) * 4;
  // Of the weight gradient, which sums in parts; the transformed weights are one part.
  const weightBytes = weightSplits(tiles) * placeCount(tile) * paddedChannels(inputs) * paddedChannels(outputs) * 4;
  return Math.max(imageBytes, weightBytes) <= mostScratchBytes;
}

/** Places of a transformed tile. */
function placeCount(tile: WinogradTile): number {
  return (tile + 2) ** 2;
}

/** Parts of the sum over tiles in the weight gradient. */
function weightSplits(tiles: number): number {
  return Math.ceil(tiles / maxTilesPerInvocation);
}

/**
 * Whether F(4×4, 3×3) suits GPUs. It moves 44 bytes per pixel and channel for its transforms and saves 13.5 flop per pixel and pair
 * of channels: at half the peak rate and some 35 flop per byte, that is even at 57 channels. Not where tiles at the border, or
 * in the phases of a large dilation, are mostly outside the image.
 */
function suitsGpus(geometry: ConvolutionGeometry, inputs: number, outputs: number): boolean {
  const { batch, outputHeight, outputWidth } = geometry;
  const isWasteful = 16 * tileCount(geometry, 4) > 2 * batch * outputHeight * outputWidth;
  return Math.min(inputs, outputs) >= 64 && !isWasteful;
}

/**
 * The tile of the form that takes the least time on a software adapter, by a model whose unit is a multiplication in a product, as
 * measured. A value takes 100 to be transformed, a weight 46; products come in rows of 24 tiles. The direct form takes 2.2 for a
 * multiplication; that of a weight gradient 1.6, 30 for a value that it loads, and 100 for a weight, and leaves out taps outside
 * the image.
 */
function fastestTile(
  tiles: readonly WinogradTile[],
  geometry: ConvolutionGeometry,
  [inputs, outputs]: readonly [number, number],
  isWeightGrad: boolean,
): WinogradTile | null {
  if (Math.min(inputs, outputs) < 32) return null;
  const pairs = inputs * outputs;
  const cost = (tile: WinogradTile) => {
    const rows = 24 * Math.ceil(tileCount(geometry, tile) / 24);
    return placeCount(tile) * (rows * (pairs + 100 * (inputs + outputs)) + 46 * pairs);
  };
  const { batch, outputHeight, outputWidth } = geometry;
  const direct = isWeightGrad
    ? batch * tapsInside(geometry) * (1.6 * pairs + 30 * (inputs + outputs)) + taps(geometry) * 100 * pairs
    : batch * outputHeight * outputWidth * taps(geometry) * 2.2 * pairs;
  const [tile] = [...tiles].sort((a, b) => cost(a) - cost(b));
  return tile !== undefined && cost(tile) < direct ? tile : null;
}

/** Tiles of a convolution's outputs, phases of the dilation apart. */
function tileCount({ batch, outputHeight, outputWidth, dilation }: ConvolutionGeometry, tile: WinogradTile): number {
  const along = (size: number) => dilation * Math.ceil(Math.ceil(size / dilation) / tile);
  return batch * along(outputHeight) * along(outputWidth);
}

/** The launches of a convolution, or with `transposed` of its input gradient, whose geometry is then that of the latter. */
export function winogradKernels(
  input: Tensor,
  weight: Tensor,
  geometry: ConvolutionGeometry,
  device: DeviceTraits,
  options: {
    readonly tile: WinogradTile;
    readonly epilogue?: Epilogue | undefined;
    readonly transposed?: boolean;
  },
): KernelPlan {
  const { tile, epilogue, transposed = false } = options;
  const [outputs = 1, inputs = 1] = weight.shape;
  const inputVectors = paddedChannels(transposed ? outputs : inputs) / 4;
  const outputVectors = paddedChannels(transposed ? inputs : outputs) / 4;
  const [tiles, places] = [tileCount(geometry, tile), placeCount(tile)];
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
      tileTransform("winograd/winograd_input", inputShader, input, v, {
        geometry,
        tile,
        vectors: inputVectors,
        device,
      }),
      {
        shader: { name: "winograd/winograd_weight", text: weightShader, includes: transforms(tile) },
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
        shader: {
          name: "winograd/winograd_output",
          text: outputShader,
          includes: { ...result.includes, ...transforms(tile) },
        },
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
  tile: WinogradTile,
): KernelPlan {
  const [outputs = 1, inputs = 1] = weightGradient.shape;
  const inputVectors = paddedChannels(inputs) / 4;
  const outputVectors = paddedChannels(outputs) / 4;
  const [tiles, places] = [tileCount(geometry, tile), placeCount(tile)];
  const [v, e, sums] = [{ scratch: 0 }, { scratch: 1 }, { scratch: 2 }];
  const sizes = { batches: places, rows: tiles, inner: inputVectors, columns: outputVectors };
  const pairs = inputVectors * 4 * outputVectors;
  const mostSplits = Math.floor(mostScratchBytes / (places * pairs * 16));
  const splits = usesWorkgroups(sizes, device)
    ? Math.min(workgroupSplits(sizes, device), mostSplits)
    : weightSplits(tiles);
  return {
    calls: [
      tileTransform("winograd/winograd_input", inputShader, input, v, {
        geometry,
        tile,
        vectors: inputVectors,
        device,
      }),
      tileTransform("winograd/winograd_output_grad", outputGradShader, outputGradient, e, {
        geometry,
        tile,
        vectors: outputVectors,
        device,
      }),
      {
        ...transposedLeftProductCall({ left: v, right: e, sizes }, splits, sums, device),
        flops: directFlops(geometry, inputs, outputs),
      },
      {
        shader: { name: "winograd/winograd_weight_grad", text: weightGradShader, includes: transforms(tile) },
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

/** The include that declares the transforms of a tile. */
function transforms(tile: WinogradTile): Readonly<Record<string, string>> {
  return { TRANSFORMS: `lib/winograd_${tile}x${tile}.wgsl` };
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
  { geometry, tile, vectors, device }: {
    readonly geometry: ConvolutionGeometry;
    readonly tile: WinogradTile;
    readonly vectors: number;
    readonly device: DeviceTraits;
  },
): KernelCall {
  const { includes, bindings } = operands(device, from);
  return {
    shader: { name, text, includes: { ...includes, ...transforms(tile) } },
    constants: { ...geometryConstants(geometry), VECTORS: vectors },
    bindings: [...bindings, to],
    workgroups: grid(tileCount(geometry, tile) * vectors, 64),
    iterations: 0,
  };
}
