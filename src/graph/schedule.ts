/**
 * How a kernel computes its problem: choices such as the size of a tile. They change the time, and the rounding, but
 * not what is computed. An op lists the candidates for its problem. `crosswalk tune` measures them and writes the
 * fastest into a table. A program takes the one that the table names; where it names none, the op decides by its own
 * rules.
 *
 * @module
 */

import type { DeviceTraits, Tensor } from "./tensor.ts";

/** The choices for one problem. The op's own rules make the choices that are absent, so `{}` means the rules alone. */
export interface KernelSchedule {
  /** The direct form, or Winograd's method with tiles of 4×4 or 2×2 outputs, if that can compute the convolution. */
  readonly method?: "direct" | "winograd" | "winograd 2×2";
  /** Where a tile is held: in the registers of each invocation, or in workgroup memory, which a workgroup shares. */
  readonly staging?: "registers" | "workgroup";
  /** Where register tiles read their operands: from the tensors' buffers, or from copies of them in textures. */
  readonly source?: "buffer" | "texture";
  /**
   * Size of a tile. In registers it is what one invocation computes: rows × vec4f of columns. That is pixels × output
   * channels of a convolution, input × output channels of its weight gradient (both in vec4f), output rows × columns of
   * a depthwise convolution. In workgroup memory it is rows of the workgroup × invocations side by side. For a weight
   * gradient it is invocations along the input channels × along the output channels.
   */
  readonly tile?: readonly [number, number];
  /**
   * Parts into which a sum is cut: the sum over pixels of a weight gradient, or the sum over the inner dimension of a
   * product in workgroup memory.
   */
  readonly splits?: number;
}

/** What an op says of a tensor whose kernels have such choices. */
export interface Tunable {
  /**
   * Op, direction, channels, kernel, stride, dilation and output size as a text. Problems of one class share a
   * schedule.
   */
  readonly shapeClass: string;
  /** The schedules that can compute it on a device. The first is `{}`, the op's own rules. */
  readonly candidates: (device: DeviceTraits) => readonly KernelSchedule[];
  /** Makes the same computation on other inputs of the same shapes, so that it can be tried alone. */
  readonly trial: (first: Tensor, second: Tensor) => Tensor;
}

/** Names of schedules by shape class, as `crosswalk tune` found them. */
export type Tuning = ReadonlyMap<string, string>;

/**
 * The name of a schedule, different for every schedule: `winograd registers texture 24×8`. `default` stands for the
 * rules.
 */
export function scheduleName({ method, staging, source, tile, splits }: KernelSchedule): string {
  const words = [method, staging, source, tile?.join("×"), splits === undefined ? undefined : `splits ${splits}`];
  return words.filter((word) => word !== undefined).join(" ") || "default";
}

/**
 * The traits by which a tensor's kernels are chosen. The table is not trusted, since the kernels may have changed or
 * the file may have been edited. A name that is no candidate of this very problem leaves the op's rules in force.
 */
export function scheduledTraits(tensor: Tensor, device: DeviceTraits): DeviceTraits {
  const { tunable } = tensor.definition;
  if (tunable === undefined || device.direct === true || device.schedule !== undefined) return device;
  const name = device.tuning?.get(tunable.shapeClass);
  if (name === undefined) return device;
  const schedule = tunable.candidates(device).find((candidate) => scheduleName(candidate) === name);
  return schedule === undefined ? device : { ...device, schedule };
}
