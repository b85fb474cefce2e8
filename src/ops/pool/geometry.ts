/**
 * The geometry of pooling windows: that of a convolution, with PyTorch's ceil mode added.
 *
 * @module
 */

import type { ShaderConstants } from "../../gpu/shader.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { type ConvolutionGeometry, convolutionGeometry, geometryConstants, type Padding } from "../conv/geometry.ts";
import { refuse } from "../refuse.ts";
import { requirePoolPadding, requireWindow } from "../window.ts";

/** Options of a pooling window; the defaults are PyTorch's. */
export interface PoolOptions {
  /** Rows and columns of the window; one number for both. */
  readonly kernel: number | readonly [number, number];
  /** Step between windows, both axes. Default: the kernel, which then must be square. */
  readonly stride?: number;
  /**
   * Padding in pixels, at most half the kernel. A padded pixel never wins a maximum and counts as 0 in a mean. Default
   * 0.
   */
  readonly padding?: Padding;
  /**
   * Whether the output size is rounded up, not down. The last window must still start inside the image or the padding
   * before it. Default `false`.
   */
  readonly ceilMode?: boolean;
}

/** All sizes of a pooling. */
export interface PoolGeometry extends ConvolutionGeometry {
  /** Padding below. */
  readonly paddingBottom: number;
  /** Padding to the right. */
  readonly paddingRight: number;
}

/**
 * The sizes of a pooling of `input` `[N, C, H, W]`. Every window holds at least one pixel of the image.
 *
 * @throws {RangeError} if the padding is more than half the kernel, a window does not fit, the stride is missing, or
 * `requireWindow` refuses an option.
 */
export function poolGeometry(op: string, input: Tensor, options: PoolOptions): PoolGeometry {
  const { kernel, padding = 0, ceilMode = false } = options;
  const [rows, columns] = typeof kernel === "number" ? [kernel, kernel] : kernel;
  const stride = options.stride ?? rows;
  const { top, bottom, left, right } = typeof padding === "number"
    ? { top: padding, bottom: padding, left: padding, right: padding }
    : padding;
  if (options.stride === undefined && rows !== columns) {
    refuse(op, `the ${rows}×${columns} window is not square, so the stride must be given`);
  }
  const extra = ceilMode ? stride - 1 : 0;
  requireWindow(op, input, { kernel: [rows, columns], stride, padding, overhang: extra });
  requirePoolPadding(op, [rows, columns], padding);
  const geometry = convolutionGeometry(input.shape, [rows, columns], {
    stride,
    padding: { top, bottom: bottom + extra, left, right: right + extra },
  });
  const windows = (count: number, size: number, before: number) =>
    (count - 1) * stride >= size + before ? count - 1 : count;
  return {
    ...geometry,
    outputHeight: ceilMode ? windows(geometry.outputHeight, geometry.height, top) : geometry.outputHeight,
    outputWidth: ceilMode ? windows(geometry.outputWidth, geometry.width, left) : geometry.outputWidth,
    paddingBottom: bottom,
    paddingRight: right,
  };
}

/** The constants of `shaders/lib/pool_geometry.wgsl`. */
export function poolConstants(geometry: PoolGeometry, vectors: number): ShaderConstants {
  const { DILATION: _dilation, ...constants } = geometryConstants(geometry);
  return { ...constants, VECTORS: vectors };
}

/** The constants of `shaders/lib/pool_geometry.wgsl` and `shaders/lib/pool_average.wgsl`. */
export function averageConstants(geometry: PoolGeometry, vectors: number, countPadding: boolean): ShaderConstants {
  return {
    ...poolConstants(geometry, vectors),
    COUNT_PADDING: countPadding,
    PADDING_BOTTOM: geometry.paddingBottom,
    PADDING_RIGHT: geometry.paddingRight,
  };
}

/** The most rows and columns of windows that hold one pixel. */
export function windowsPerPixel(geometry: PoolGeometry): [number, number] {
  return [Math.ceil(geometry.kernelHeight / geometry.stride), Math.ceil(geometry.kernelWidth / geometry.stride)];
}
