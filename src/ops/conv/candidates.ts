/**
 * The schedules that can compute a convolution or one of its gradients. They follow from its shape and from WebGPU's
 * default limits, with which a device is opened. All of them give right results; `crosswalk tune` measures which is
 * fast.
 *
 * @module
 */

import { maxWorkgroupsPerDimension } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import type { KernelSchedule, Tunable } from "../../graph/schedule.ts";
import type { DeviceTraits } from "../../graph/tensor.ts";
import { type ConvolutionGeometry, largestDivisor, outputPixels, taps, transposedGeometry } from "./geometry.ts";
import { isProduct } from "./product.ts";
import { mostStride, phasePixels } from "./phases.ts";
import { allowsWinograd, winogradMethods, winogradTiles } from "./winograd_tile.ts";
import { leastInnerPerSplit, leastRowsPerSplit, mostRows } from "./workgroup_product.ts";

/** Which of a convolution's three products: the convolution itself, or one of its two gradients. */
export type Direction = "forward" | "inputGrad" | "weightGrad";

/** A convolution, or a gradient of it. */
export interface ConvolutionProblem {
  readonly direction: Direction;
  readonly inputs: number;
  readonly outputs: number;
  /** The geometry of the convolution itself, also for its gradients. */
  readonly geometry: ConvolutionGeometry;
}

/** The tiles that are tried on a kind of adapter. */
interface Tiles {
  /** In registers: rows × vec4f of columns. Where the columns do not divide, a tile is narrowed. */
  readonly product: readonly Tile[];
  /** In registers, for weight gradients: vec4f of input × output channels. */
  readonly weight: readonly Tile[];
  /** In workgroup memory, rows of a workgroup × invocations side by side. At most 12 KiB and 256 invocations. */
  readonly workgroup: readonly Tile[];
}

type Tile = readonly [number, number];

/** At most 32 sums of vec4f, which a GPU keeps in registers. */
const gpuTiles: Tiles = {
  product: [[4, 1], [8, 1], [4, 2], [8, 2], [4, 4], [8, 4]],
  weight: [[1, 1], [1, 2], [2, 2], [2, 4]],
  workgroup: [[32, 8], [64, 8], [128, 8], [16, 16], [32, 16], [64, 16], [128, 16]],
};
/**
 * Tiles that save loads, at the price of seconds of compilation. One workgroup tile is tried too, to see whether
 * workgroups are worth anything.
 */
const softwareTiles: Tiles = {
  product: [[8, 2], [16, 4], [24, 4], [24, 8]],
  weight: [[2, 2], [4, 4], [4, 8]],
  workgroup: [[64, 16]],
};
/** Tiles of weight gradients in workgroup memory: invocations along the input channels × along the output channels. */
const weightWorkgroups: readonly Tile[] = [[32, 8], [16, 16]];
/** Tiles of depthwise sweeps: output rows × columns. */
const sweepTiles: readonly Tile[] = [[2, 4], [4, 4], [12, 4], [24, 4], [4, 8], [24, 8]];
/** Parts of a sum that are tried: of a weight gradient, or of a product on GPUs. */
const splitCounts = [1, 4, 16, 64, 256];
/** Bytes of a texture of operands: 8192 rows, WebGPU's default limit, of 1024 vec4f. */
const mostTextureBytes = 2 ** 27;

/** What `conv2d` and its gradients say of their kernels. */
export function convolutionTunable(problem: ConvolutionProblem, trial: Tunable["trial"]): Tunable {
  const { direction, inputs, outputs, geometry } = problem;
  return {
    shapeClass: `conv2d ${direction} ${inputs}→${outputs} ${geometryClass(geometry)}`,
    candidates: (device) => convolutionCandidates(problem, device),
    trial,
  };
}

/** What `depthwiseConv2d` and its gradients say of their kernels. */
export function depthwiseTunable(
  direction: Direction,
  channels: number,
  geometry: ConvolutionGeometry,
  trial: Tunable["trial"],
): Tunable {
  return {
    shapeClass: `depthwiseConv2d ${direction} ${channels} ${geometryClass(geometry)}`,
    candidates: () => [{}, ...sweepTiles.map((tile) => ({ tile }))],
    trial,
  };
}

/** Kernel, stride, dilation, and the output pixels of the batch to the nearest power of two. */
function geometryClass(geometry: ConvolutionGeometry): string {
  const { batch, outputHeight, outputWidth, kernelHeight, kernelWidth, stride, dilation } = geometry;
  const pixels = 2 ** Math.round(Math.log2(batch * outputHeight * outputWidth));
  const steps = `${stride === 1 ? "" : ` stride ${stride}`}${dilation === 1 ? "" : ` dilation ${dilation}`}`;
  return `${kernelHeight}×${kernelWidth}${steps}, ${pixels} pixels`;
}

/** The candidates, the rules' own first. */
function convolutionCandidates(problem: ConvolutionProblem, device: DeviceTraits): KernelSchedule[] {
  const { direction, geometry, inputs, outputs } = problem;
  const methods: KernelSchedule[] = isProduct(geometry) ? [{}] : [{ method: "direct" }];
  const computed = direction === "inputGrad" && geometry.stride === 1 ? transposedGeometry(geometry) : geometry;
  for (const tile of winogradTiles) {
    if (allowsWinograd(computed, inputs, outputs, tile)) methods.push({ method: winogradMethods[tile] });
  }
  const schedules = methods.flatMap((method) => {
    const isWinograd = method.method !== undefined && method.method !== "direct";
    const products = direction === "weightGrad"
      ? weightCandidates(problem, device, isWinograd)
      : productCandidates(problem, device, isWinograd);
    return products.map((product): KernelSchedule => ({ ...method, ...product }));
  });
  return [{}, ...schedules];
}

function productCandidates(problem: ConvolutionProblem, device: DeviceTraits, winograd: boolean): KernelSchedule[] {
  const { direction, inputs, outputs, geometry } = problem;
  const [channels, columns] = direction === "forward" ? [inputs, outputs] : [outputs, inputs];
  const rows = direction === "forward" ? outputPixels(geometry) : phasePixels(geometry);
  const { product, workgroup } = device.software ? softwareTiles : gpuTiles;
  const tiles = unique(product.map(([height, width]) => [height, cut(paddedChannels(columns) / 4, width)]));
  const inner = taps(geometry) * paddedChannels(channels) / 4;
  const splits = device.software || winograd ? [] : splitCounts.filter((count) => count * leastInnerPerSplit <= inner);
  const stages = rows <= mostRows && (direction === "forward" || geometry.stride <= mostStride);
  const launchable = workgroup.filter(([height]) => Math.ceil(rows / height) <= maxWorkgroupsPerDimension);
  return [
    ...registerCandidates(problem, tiles),
    ...stages ? launchable.map((tile): KernelSchedule => ({ staging: "workgroup", tile })) : [],
    ...stages ? splits.map((count): KernelSchedule => ({ staging: "workgroup", splits: count })) : [],
  ];
}

/**
 * The schedules of a weight gradient. Parts of the sum are varied with the rules' own tile, and tiles with the rules'
 * own parts: trying all pairs would take longer than it gains. Winograd's sum is always cut in the same way.
 */
function weightCandidates(problem: ConvolutionProblem, device: DeviceTraits, winograd: boolean): KernelSchedule[] {
  const { inputs, outputs, geometry } = problem;
  const { weight } = device.software ? softwareTiles : gpuTiles;
  const [inner, columns] = [paddedChannels(inputs) / 4, paddedChannels(outputs) / 4];
  const tiles = unique(weight.map(([height, width]) => [cut(inner, height), cut(columns, width)]));
  const rows = geometry.batch * geometry.outputHeight * geometry.outputWidth;
  const splits = winograd ? [] : splitCounts.filter((count) => count * leastRowsPerSplit <= rows);
  return [
    ...registerCandidates(problem, tiles),
    ...splits.map((count): KernelSchedule => ({ staging: "registers", splits: count })),
    ...weightWorkgroups.map((tile): KernelSchedule => ({ staging: "workgroup", tile })),
    ...device.software ? [] : splits.map((count): KernelSchedule => ({ staging: "workgroup", splits: count })),
  ];
}

/** The tiles with each source that can hold the operands. */
function registerCandidates(
  { inputs, outputs, geometry }: ConvolutionProblem,
  tiles: readonly Tile[],
): KernelSchedule[] {
  const { batch, height, width, outputHeight, outputWidth } = geometry;
  const largest = 4 * Math.max(
    batch * height * width * paddedChannels(inputs),
    batch * outputHeight * outputWidth * paddedChannels(outputs),
    taps(geometry) * paddedChannels(inputs) * paddedChannels(outputs),
  );
  const sources = ["buffer" as const, ...largest <= mostTextureBytes ? ["texture" as const] : []];
  return sources.flatMap((source) => tiles.map((tile): KernelSchedule => ({ staging: "registers", source, tile })));
}

/** Each tile once. */
function unique(tiles: readonly Tile[]): Tile[] {
  return [...new Map(tiles.map((tile) => [tile.join("×"), tile])).values()];
}

/** The largest tile side of at most `wanted` that divides `count`. */
function cut(count: number, wanted: number): number {
  return largestDivisor(count, Array.from({ length: wanted }, (_, index) => wanted - index));
}
