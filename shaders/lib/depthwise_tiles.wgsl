// The walk of the depthwise kernels over outputs (src/ops/conv/sweep.ts). A tile has TILE_ROWS × TILE_COLUMNS outputs.
// They lie OUTPUT_STEP apart in both axes, so that their taps fall on the same inputs. The outputs are so split into
// phases (row mod OUTPUT_STEP, column mod OUTPUT_STEP), and a tile belongs to one phase.
#include lib/convolution_geometry.wgsl

const VECTORS: u32 = 1u;
const OUTPUT_STEP: u32 = 1u;
// How far apart the windows of neighbouring outputs of a tile begin, counted in taps.
const TILE_STEP: u32 = 1u;
const TILE_ROWS: u32 = 8u;
const TILE_COLUMNS: u32 = 8u;
// Rows of inputs that the next row of outputs needs again.
const KEPT_ROWS: u32 = 2u;
// Whether any input lies outside the image.
const HAS_PADDING: bool = true;

// Inputs under a row of a tile, DILATION pixels apart.
const COLUMNS: u32 = TILE_COLUMNS * TILE_STEP - TILE_STEP + KERNEL_WIDTH;
const PHASE_ROWS = (OUTPUT_HEIGHT + OUTPUT_STEP - 1u) / OUTPUT_STEP;
const PHASE_COLUMNS = (OUTPUT_WIDTH + OUTPUT_STEP - 1u) / OUTPUT_STEP;
// Tiles over the rows of an image, and over its columns, of all phases.
const ROW_TILES = (PHASE_ROWS + TILE_ROWS - 1u) / TILE_ROWS * OUTPUT_STEP;
const COLUMN_TILES = (PHASE_COLUMNS + TILE_COLUMNS - 1u) / TILE_COLUMNS * OUTPUT_STEP;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;

// The first output row of a tile.
fn firstRowOf(tileRow: u32) -> u32 {
  return tileRow / OUTPUT_STEP * TILE_ROWS * OUTPUT_STEP + tileRow % OUTPUT_STEP;
}

// The first output column of a tile.
fn firstColumnOf(tileColumn: u32) -> u32 {
  return tileColumn / OUTPUT_STEP * TILE_COLUMNS * OUTPUT_STEP + tileColumn % OUTPUT_STEP;
}

fn load(row: u32, column: u32, inside: bool) -> vec4f {
  if (!HAS_PADDING) {
    return x[row + column];
  }
  return select(vec4f(0.0), x[select(0u, row + column, inside)], inside);
}
