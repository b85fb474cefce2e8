/**
 * The phases of a convolution with stride S. The phase of an input pixel is (y mod S, x mod S). All pixels of one phase
 * are reached by the same taps. So the input gradient is one matrix product per phase, in which the pixels are rows.
 *
 * @module
 */

import type { ShaderConstants } from "../../gpu/shader.ts";
import type { KernelBinding } from "../../graph/tensor.ts";
import { type ConvolutionGeometry, greatestCommonDivisor } from "./geometry.ts";

/** The largest stride. The table of the phases takes 32·S² bytes and must fit into a uniform buffer. */
export const mostStride = 16;

/** The pixels of a phase along one axis, and the taps that reach them. */
interface AxisPhase {
  /** Its first pixel. */
  readonly pixel: number;
  /** The first tap that reaches it, and how many taps do. */
  readonly firstTap: number;
  readonly taps: number;
  /** The place in dy that the first tap sees from the first pixel. It may be negative. */
  readonly place: number;
}

/** What the kernels of an input gradient need to know of the phases. Phases with the longest sums come first. */
export interface Phases {
  readonly constants: ShaderConstants;
  readonly table: KernelBinding;
  /** Taps of the phase that has the most. */
  readonly mostTaps: number;
  /**
   * How many phases there are, and how many pixels each has. Where the stride does not divide the size, some have
   * fewer.
   */
  readonly count: number;
  readonly pixels: number;
}

/** The phases of a convolution's input. */
export function phases(geometry: ConvolutionGeometry): Phases {
  const { stride, dilation } = geometry;
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
    pixels: phasePixels(geometry),
  };
}

/** Pixels of a phase of the input, of those that have the most. Without a stride they are all pixels. */
export function phasePixels({ batch, height, width, stride }: ConvolutionGeometry): number {
  return batch * Math.ceil(height / stride) * Math.ceil(width / stride);
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
