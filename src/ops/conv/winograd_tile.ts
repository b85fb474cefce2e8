/**
 * By which tiles of Winograd's method a convolution is computed, if by any, and how many there are.
 *
 * @module
 */

import { paddedChannels } from "../../graph/layout.ts";
import type { DeviceTraits, Tensor } from "../../graph/tensor.ts";
import { type ConvolutionGeometry, taps, tapsInside } from "./geometry.ts";
import { wholeGeometry } from "./slices.ts";

/** Outputs along a side of a tile: F(4×4, 3×3) or F(2×2, 3×3). */
export type WinogradTile = 4 | 2;

/** Every tile, the one that saves most first. */
export const winogradTiles = [4, 2] as const satisfies readonly WinogradTile[];

/** The methods, by tile. */
export const winogradMethods = { 4: "winograd", 2: "winograd 2×2" } as const;

/** Transformed tensors larger than this are not worth their memory; the direct form takes none. */
export const mostScratchBytes = 2 ** 27;
/** Tiles that one invocation sums over in the weight gradient, at most. */
const maxTilesPerInvocation = 512;
/** Channels on either side, at least: on a software adapter below that the model of the times no longer holds. */
const leastChannels = { software: 32, gpu: 64 };

/**
 * The tile by which a convolution is computed, or its input gradient, whose geometry is then that of the latter; `null` for the
 * direct form. With `isWeightGrad` that of the weight gradient.
 */
export function winogradTile(
  problem: ConvolutionGeometry,
  weight: Tensor,
  device: DeviceTraits,
  { isWeightGrad = false }: { readonly isWeightGrad?: boolean } = {},
): WinogradTile | null {
  const [outputs = 1, inputs = 1] = weight.shape;
  const geometry = wholeGeometry(problem);
  if (device.direct === true) return null;
  const allowed = winogradTiles.filter((tile) => allowsWinograd(geometry, inputs, outputs, tile));
  const method = device.schedule?.method;
  if (method !== undefined) return allowed.find((tile) => winogradMethods[tile] === method) ?? null;
  if (device.software) return fastestTile(allowed, geometry, [inputs, outputs], isWeightGrad);
  return allowed.includes(4) && suitsGpus(geometry, inputs, outputs) ? 4 : null;
}

/** The rows at multiples of which a slice of a convolution may begin, so that its tiles are those of the whole. */
export function winogradRowMultiple(
  geometry: ConvolutionGeometry,
  weight: Tensor,
  device: DeviceTraits,
): number {
  const tile = winogradTile(geometry, weight, device);
  return tile === null ? 1 : tile * geometry.dilation;
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
export function placeCount(tile: WinogradTile): number {
  return (tile + 2) ** 2;
}

/** Parts of the sum over tiles in the weight gradient. */
export function weightSplits(tiles: number): number {
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
  return Math.min(inputs, outputs) >= leastChannels.gpu && !isWasteful;
}

/**
 * The tile of the form that takes the least time on a software adapter, by a model whose unit is a multiplication in a product,
 * fitted to launches of layers like those in docs/performance.md. A value takes 100 to be transformed, a weight 46; products come
 * in rows of 24 tiles. The direct form takes 2.2 for a multiplication; that of a weight gradient 1.6, 30 for a value that it loads,
 * and 100 for a weight, and leaves out taps outside the image.
 */
function fastestTile(
  tiles: readonly WinogradTile[],
  geometry: ConvolutionGeometry,
  [inputs, outputs]: readonly [number, number],
  isWeightGrad: boolean,
): WinogradTile | null {
  if (Math.min(inputs, outputs) < leastChannels.software) return null;
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
export function tileCount(
  { batch, outputHeight, outputWidth, dilation }: ConvolutionGeometry,
  tile: WinogradTile,
): number {
  const along = (size: number) => dilation * Math.ceil(Math.ceil(size / dilation) / tile);
  return batch * along(outputHeight) * along(outputWidth);
}
