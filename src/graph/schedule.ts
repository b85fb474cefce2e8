/**
 * How kernels cover their problem, where that is free: the knobs, and what an op says of a tensor whose kernels have them.
 * `crosswalk tune` measures the candidates; a program takes the one that a table names, and else the op's own rules.
 *
 * @module
 */

import type { DeviceTraits, Tensor } from "./tensor.ts";

/** Choices of one problem. What is absent is left to the op's rules; `{}` is those rules. */
export interface KernelSchedule {
  /** The direct method, or Winograd's by tiles of 4×4 or 2×2 outputs, where these compute the convolution. */
  readonly method?: "direct" | "winograd" | "winograd 2×2";
  /** Tiles in the registers of each invocation, or shared by a workgroup through its memory. */
  readonly staging?: "registers" | "workgroup";
  /** Where register tiles read their operands: from the tensors' buffers, or from copies in textures. */
  readonly source?: "buffer" | "texture";
  /**
   * Tile of one invocation: rows × vec4f of columns (pixels × channels; of a weight gradient, input × output channels, both in
   * vec4f; of a depthwise sweep, output rows × columns). With workgroups, rows of a workgroup × invocations side by side (of a
   * weight gradient, invocations along input × along output channels).
   */
  readonly tile?: readonly [number, number];
  /** Parts into which a sum is cut: of a weight gradient over pixels, of a product in workgroup memory over what it multiplies. */
  readonly splits?: number;
}

/** A tensor whose kernels have knobs. */
export interface Tunable {
  /** Op, direction, channels, kernel, stride, dilation and output size: problems of one class share a schedule. */
  readonly shapeClass: string;
  /** The schedules that compute it on a device, the rules' own (`{}`) first. */
  readonly candidates: (device: DeviceTraits) => readonly KernelSchedule[];
  /** The same computation of other inputs of the same shapes, to be tried alone. */
  readonly trial: (first: Tensor, second: Tensor) => Tensor;
}

/** Names of schedules by shape class, as `crosswalk tune` found them. */
export type Tuning = ReadonlyMap<string, string>;

/** A schedule in words, which tell it from every other: `winograd registers texture 24×8`; `default` for the rules. */
export function scheduleName({ method, staging, source, tile, splits }: KernelSchedule): string {
  const words = [method, staging, source, tile?.join("×"), splits === undefined ? undefined : `splits ${splits}`];
  return words.filter((word) => word !== undefined).join(" ") || "default";
}

/**
 * The traits by which a tensor's kernels are chosen. A table is not trusted: a name that is no candidate of this very problem,
 * because the kernels have changed or the file was edited, leaves the rules in force.
 */
export function scheduledTraits(tensor: Tensor, device: DeviceTraits): DeviceTraits {
  const { tunable } = tensor.definition;
  if (tunable === undefined || device.direct === true || device.schedule !== undefined) return device;
  const name = device.tuning?.get(tunable.shapeClass);
  if (name === undefined) return device;
  const schedule = tunable.candidates(device).find((candidate) => scheduleName(candidate) === name);
  return schedule === undefined ? device : { ...device, schedule };
}
