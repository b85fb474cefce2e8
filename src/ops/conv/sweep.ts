/**
 * How the depthwise kernels walk over an image: in tiles of neighbouring outputs, which share the inputs they load.
 *
 * @module
 */

import type { ShaderConstants } from "../../gpu/shader.ts";
import type { DeviceTraits } from "../../graph/tensor.ts";
import { type ConvolutionGeometry, geometryConstants, greatestCommonDivisor } from "./geometry.ts";

/**
 * Sizes of a walk. The outputs of a tile lie `outputStep` apart in both axes, so that their taps fall on the same
 * inputs.
 */
export interface Sweep {
  readonly constants: ShaderConstants;
  /** Tiles over the columns, and over the rows of one image. They include all phases of `outputStep`. */
  readonly columnTiles: number;
  readonly rowTiles: number;
  /** Output rows of a tile. */
  readonly tileRows: number;
}

/** What `sweep` may be told. */
export interface SweepOptions {
  /** Output rows of a tile, at most. */
  readonly tileRows: number;
  /**
   * Output columns of a tile, at most. Default 8 on software adapters, where only loads count, and 4 on GPUs, whose
   * registers are few.
   */
  readonly tileColumns?: number;
}

/** The walk over the outputs of a convolution. Padding may be negative. */
export function sweep(geometry: ConvolutionGeometry, traits: DeviceTraits, options: SweepOptions): Sweep {
  const { stride, dilation, kernelHeight, outputHeight, outputWidth } = geometry;
  const common = greatestCommonDivisor(stride, dilation);
  const outputStep = dilation / common;
  const tileStep = stride / common;
  const phaseRows = Math.ceil(outputHeight / outputStep);
  const phaseColumns = Math.ceil(outputWidth / outputStep);
  const [rows, columns] = traits.schedule?.tile ??
    [options.tileRows, options.tileColumns ?? (traits.software ? 8 : 4)];
  const tileRows = evenly(phaseRows, rows);
  const tileColumns = evenly(phaseColumns, columns);
  return {
    columnTiles: Math.ceil(phaseColumns / tileColumns) * outputStep,
    rowTiles: Math.ceil(phaseRows / tileRows) * outputStep,
    tileRows,
    constants: {
      ...geometryConstants(geometry),
      OUTPUT_STEP: outputStep,
      TILE_STEP: tileStep,
      TILE_ROWS: tileRows,
      TILE_COLUMNS: tileColumns,
      KEPT_ROWS: Math.max(0, kernelHeight - tileStep),
      HAS_PADDING: reachesOutside(geometry, phaseColumns % tileColumns !== 0 || outputWidth % outputStep !== 0),
    },
  };
}

/** The largest tile of at most `most` that cuts `count` into as few tiles as `most` itself does. */
export function evenly(count: number, most: number): number {
  return Math.ceil(count / Math.ceil(count / most));
}

/** Whether some invocation loads from beyond the image. Ragged tiles do so even without padding. */
function reachesOutside(geometry: ConvolutionGeometry, ragged: boolean): boolean {
  const { kernelHeight, kernelWidth, stride, dilation } = geometry;
  const lastRow = (geometry.outputHeight - 1) * stride + (kernelHeight - 1) * dilation - geometry.paddingTop;
  const lastColumn = (geometry.outputWidth - 1) * stride + (kernelWidth - 1) * dilation - geometry.paddingLeft;
  return ragged || geometry.paddingTop > 0 || geometry.paddingLeft > 0 || lastRow >= geometry.height ||
    lastColumn >= geometry.width;
}
