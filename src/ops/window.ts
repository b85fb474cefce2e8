/**
 * The checks of everything that slides a window over an image: convolutions and poolings. A message says what is wrong,
 * with the layer, the op, the option and its value.
 *
 * @module
 */

import type { Tensor } from "../graph/tensor.ts";
import type { Padding } from "./conv/geometry.ts";
import { refuse } from "./refuse.ts";

/** A window and how it moves. */
export interface Window {
  /** Rows and columns. */
  readonly kernel: readonly [number, number];
  /** Step between windows, both axes. Default 1. */
  readonly stride?: number;
  /** Distance between the taps of a window. Default 1. */
  readonly dilation?: number;
  /** Pixels around the image, or `"same"`. Default 0. */
  readonly padding?: Padding | "same";
  /** How many pixels the last window may reach beyond the padding, as in ceil mode. Default 0. */
  readonly overhang?: number;
}

/**
 * Checks a window over `input` `[N, C, H, W]`.
 *
 * @throws {RangeError} if kernel, stride or dilation is not a whole number of at least 1, a side of the padding is not
 * one of at least 0, the input is not an image, or it is smaller than the window.
 */
export function requireWindow(op: string, input: Tensor, window: Window): void {
  const { kernel: [rows, columns], stride = 1, dilation = 1, padding = 0, overhang = 0 } = window;
  requireImage(op, input);
  requireWhole(op, "kernel rows", rows, 1);
  requireWhole(op, "kernel columns", columns, 1);
  requireWhole(op, "stride", stride, 1);
  requireWhole(op, "dilation", dilation, 1);
  if (padding === "same") return;
  const sides = paddingSides(padding);
  for (const [name, pixels] of sides) requireWhole(op, name, pixels, 0);
  const [top, bottom, left, right] = sides.map(([, pixels]) => pixels);
  const [, , height = 1, width = 1] = input.shape;
  const fits = (size: number, taps: number, before = 0, after = 0) =>
    (taps - 1) * dilation + 1 <= size + before + after + overhang;
  if (!fits(height, rows, top, bottom) || !fits(width, columns, left, right)) {
    const spread = dilation === 1 ? "" : ` with dilation ${dilation}`;
    refuse(
      op,
      `the ${rows}×${columns} kernel${spread} does not fit into ${height}×${width} pixels with ` +
        `padding ${top}, ${bottom}, ${left}, ${right} (top, bottom, left, right)`,
    );
  }
}

/**
 * Checks PyTorch's rule for pooling: every side of the padding is at most half the window. So every window has a pixel.
 *
 * @throws {RangeError} if a side is more.
 */
export function requirePoolPadding(op: string, [rows, columns]: readonly [number, number], padding: Padding): void {
  for (const [index, [name, pixels]] of paddingSides(padding).entries()) {
    const side = index < 2 ? rows : columns;
    if (pixels > side / 2) {
      const most = Math.floor(side / 2);
      refuse(op, `${name} is ${pixels}, more than half of the ${rows}×${columns} window; expected at most ${most}`);
    }
  }
}

/**
 * Checks that a convolution of `input` `[N, C, H, W]` can use this weight: `[O, C, R, S]` of layout `"convolution"`, or
 * `[C, 1, R, S]` of layout `"depthwise"`.
 *
 * @throws {RangeError} if the layout or the channels are others.
 */
export function requireWeight(
  op: string,
  input: Tensor,
  weight: Tensor,
  layout: "convolution" | "depthwise",
): void {
  requireImage(op, input);
  const shape = `[${weight.shape.join(", ")}]`;
  if (weight.layout !== layout) {
    refuse(op, `the weight ${shape} has layout "${weight.layout}", expected "${layout}"`);
  }
  const [outputs, inputs] = weight.shape;
  if (weight.shape.length !== 4 || (layout === "depthwise" && inputs !== 1)) {
    const expected = layout === "depthwise" ? "[C, 1, R, S], one kernel per channel" : "[O, I, R, S]";
    refuse(op, `the weight has the shape ${shape}, expected ${expected}`);
  }
  const taken = layout === "depthwise" ? outputs : inputs;
  if (input.shape[1] !== taken) refuse(op, `input has ${input.shape[1]} channels, weight ${shape} takes ${taken}`);
}

function requireImage(op: string, input: Tensor): void {
  if (input.layout !== "activation" || input.shape.length !== 4) {
    refuse(
      op,
      `the input ${input} has layout "${input.layout}", expected an image [N, C, H, W] of layout "activation"`,
    );
  }
}

function requireWhole(op: string, name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    refuse(op, `${name} is ${value}, expected a whole number of at least ${least}`);
  }
}

/** Top, bottom, left and right under the names that the caller gave them. */
function paddingSides(padding: Padding): [string, number][] {
  if (typeof padding !== "object") return Array.from({ length: 4 }, () => ["padding", padding]);
  const { top, bottom, left, right } = padding;
  return [["padding.top", top], ["padding.bottom", bottom], ["padding.left", left], ["padding.right", right]];
}
