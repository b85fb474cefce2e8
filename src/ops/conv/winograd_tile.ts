/**
 * Chooses the tile by which Winograd's method computes a convolution, or none, and counts the tiles.
 *
 * @module
 */

import { paddedChannels } from "../../graph/layout.ts";
import type { DeviceTraits, Tensor } from "../../graph/tensor.ts";
import { type ConvolutionGeometry, taps, tapsInside } from "./geometry.ts";
import { wholeGeometry, wholeWeight } from "./slices.ts";

/** Outputs along a side of a tile: F(4×4, 3×3) or F(2×2, 3×3). */
export type WinogradTile = 4 | 2;

/** Every tile. The first saves the most multiplications. */
export const winogradTiles = [4, 2] as const satisfies readonly WinogradTile[];

/** The methods, by tile. */
export const winogradMethods = { 4: "winograd", 2: "winograd 2×2" } as const;

/**
 * Bytes that a transformed tensor may take. Beyond it they are not worth their memory; the direct form takes none. On
 * software adapters, where the direct form takes far longer, a convolution is then computed in slices.
 */
export const mostScratchBytes = 2 ** 27;
/** The largest number of tiles that one invocation sums over in the weight gradient. */
const maxTilesPerInvocation = 512;
/**
 * The smallest number of input channels, and of output channels. On a software adapter the model of the times does not
 * hold below it.
 */
const leastChannels = { software: 32, gpu: 64 };

/**
 * The tile by which a convolution is computed; `null` is the direct form. It serves an input gradient too, given the
 * gradient's own geometry. With `isWeightGrad` it is the tile of the weight gradient.
 */
export function winogradTile(
  problem: ConvolutionGeometry,
  weight: Tensor,
  device: DeviceTraits,
  { isWeightGrad = false }: { readonly isWeightGrad?: boolean } = {},
): WinogradTile | null {
  const [outputs = 1, inputs = 1] = wholeWeight(problem, weight).shape;
  const geometry = wholeGeometry(problem);
  if (device.direct === true) return null;
  const allowed = winogradTiles.filter((tile) =>
    allowsWinograd(geometry, inputs, outputs, tile) ||
    (device.software && allowsSlices(geometry, inputs, outputs, tile, isWeightGrad))
  );
  const method = device.schedule?.method;
  if (method !== undefined) return allowed.find((tile) => winogradMethods[tile] === method) ?? null;
  if (device.software) return fastestTile(allowed, geometry, [inputs, outputs], isWeightGrad);
  return allowed.includes(4) && suitsGpus(geometry, inputs, outputs) ? 4 : null;
}

/** The traits by which a convolution is cut into slices: those of the device, with room for the transformed tensors. */
export function traitsForTile(tile: WinogradTile | null, device: DeviceTraits): DeviceTraits {
  if (tile === null || !device.software) return device;
  return { ...device, maxBindingBytes: Math.min(device.maxBindingBytes ?? Infinity, mostScratchBytes) };
}

/** A slice of a convolution must begin at a multiple of this many rows. Then its tiles are those of the whole. */
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
  // These are the bytes of the weight gradient, which sums in parts. The transformed weights of a forward pass are as
  // large as one part.
  const weightBytes = weightSplits(tiles) * placeCount(tile) * paddedChannels(inputs) * paddedChannels(outputs) * 4;
  return Math.max(imageBytes, weightBytes) <= mostScratchBytes;
}

/** Whether the method can compute a convolution in slices: rows of tiles, or of a weight gradient blocks of channels. */
function allowsSlices(
  geometry: ConvolutionGeometry,
  inputs: number,
  outputs: number,
  tile: WinogradTile,
  isWeightGrad: boolean,
): boolean {
  const { kernelHeight, kernelWidth, stride, dilation, outputWidth } = geometry;
  if (kernelHeight !== 3 || kernelWidth !== 3 || stride !== 1) return false;
  if (isWeightGrad) return blockChannels(geometry, tile) >= leastChannels.software;
  const row = { ...geometry, batch: 1, outputHeight: tile * dilation, outputWidth };
  const channels = paddedChannels(Math.max(inputs, outputs));
  const weightBytes = placeCount(tile) * paddedChannels(inputs) * paddedChannels(outputs) * 4;
  return Math.max(placeCount(tile) * tileCount(row, tile) * channels * 4, weightBytes) <= mostScratchBytes;
}

/** Channels whose transformed tiles, of the whole batch, may be held at once. */
function blockChannels(geometry: ConvolutionGeometry, tile: WinogradTile): number {
  return Math.floor(mostScratchBytes / (placeCount(tile) * tileCount(geometry, tile) * 4));
}

/** Number of values of a transformed tile, and so of matrix products. */
export function placeCount(tile: WinogradTile): number {
  return (tile + 2) ** 2;
}

/** Parts of the sum over tiles in the weight gradient. */
export function weightSplits(tiles: number): number {
  return Math.ceil(tiles / maxTilesPerInvocation);
}

/**
 * Whether F(4×4, 3×3) suits GPUs. Its transforms move 44 bytes per pixel and channel. It saves 13.5 flop per pixel and
 * pair of channels. At half the peak rate and some 35 flop per byte, both are worth the same at 57 channels. It does
 * not suit where tiles are mostly outside the image, at its border or in the phases of a large dilation.
 */
function suitsGpus(geometry: ConvolutionGeometry, inputs: number, outputs: number): boolean {
  const { batch, outputHeight, outputWidth } = geometry;
  const isWasteful = 16 * tileCount(geometry, 4) > 2 * batch * outputHeight * outputWidth;
  return Math.min(inputs, outputs) >= leastChannels.gpu && !isWasteful;
}

/**
 * The tile of the form that takes the least time on a software adapter, by a model of the times. Its unit is one
 * multiplication in a product. It was fitted to launches of layers like those in docs/performance.md:
 * - Winograd: 100 units to transform a value of the image, 46 to transform a weight; products come in rows of 24 tiles.
 * - Direct form: 2.2 units for a multiplication.
 * - Direct weight gradient: 1.6 units for a multiplication, 30 for a value that it loads, and 100 for a weight. It
 * skips taps outside the image.
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
    // Blocks of the channels of one side are transformed again for each block of the other side.
    let most = Math.max(inputs, outputs);
    if (isWeightGrad) { while (most > 4 && most > blockChannels(geometry, tile)) most = Math.ceil(most / 2); }
    const transformed = inputs * Math.ceil(outputs / most) + outputs * Math.ceil(inputs / most);
    return placeCount(tile) * (rows * (pairs + 100 * transformed) + 46 * pairs);
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
