/**
 * The input gradient of a convolution with a stride S by phase: the pixels of one phase (y mod S, x mod S) are reached by the
 * same taps, so that they are rows of one product.
 *
 * @module
 */

import type { ShaderConstants } from "../../gpu/shader.ts";
import type { KernelBinding } from "../../graph/tensor.ts";
import { type ConvolutionGeometry, greatestCommonDivisor } from "./geometry.ts";

/** Largest stride: the phases' table of 32·S² bytes must fit into a uniform buffer. */
export const mostStride = 16;

/** The pixels of a phase along one axis, and the taps that reach them. */
interface AxisPhase {
  /** Its first pixel. */
  readonly pixel: number;
  /** The first tap that reaches it, and how many do. */
  readonly firstTap: number;
  readonly taps: number;
  /** The place in dy that the first tap sees from the first pixel; may be negative. */
  readonly place: number;
}

/** What the kernels of an input gradient read of its phases, those of the longest sums first. */
export interface Phases {
  readonly constants: ShaderConstants;
  readonly table: KernelBinding;
  /** Taps of the longest sum. */
  readonly mostTaps: number;
  /** How many there are, and the pixels of one, where the size is not ragged. */
  readonly count: number;
  readonly pixels: number;
}

/** The phases of a convolution's input. */
export function phases(geometry: ConvolutionGeometry): Phases {
  const { batch, height, width, stride, dilation } = geometry;
  const common = greatestCommonDivisor(stride, dilation);
  const columns = axisPhases(geometry, geometry.kernelWidth, geometry.paddingLeft);
  const all = axisPhases(geometry, geometry.kernelHeight, geometry.paddingTop)
    .flatMap((row) => columns.map((column) => ({ row, column, taps: row.taps * column.taps })))
    .sort((a, b) => b.taps - a.taps);
  return {
    constants: { TAP_STEP: stride / common, TAP_DISTANCE: dilation / common },
    table: { uniform: all.flatMap(({ row, column }) => [...entry(row), ...entry(column)]) },
    mostTaps: all[0]?.taps ?? 0,
    count: all.length,
    pixels: batch * Math.ceil(height / stride) * Math.ceil(width / stride),
  };
}

function axisPhases({ stride, dilation }: ConvolutionGeometry, kernel: number, padding: number): AxisPhase[] {
  return Array.from({ length: stride }, (_, pixel) => {
    const reaching = Array.from({ length: kernel }, (_, tap) => tap)
      .filter((tap) => (pixel + padding - tap * dilation) % stride === 0);
    const [firstTap = 0] = reaching;
    const place = (pixel + padding - firstTap * dilation) / stride;
    return { pixel, firstTap, taps: reaching.length, place: reaching.length === 0 ? 0 : place };
  });
}

function entry({ pixel, firstTap, taps, place }: AxisPhase): number[] {
  return [pixel, firstTap, taps, place >>> 0];
}
