// The tiles of a Winograd convolution. A tile has OUTPUTS×OUTPUTS outputs, made from INPUTS×INPUTS inputs. With
// dilation D the outputs are split into phases (row mod D, column mod D). Within a phase the convolution has dilation
// 1, and a tile belongs to one phase.
// Tiles are numbered by image, then by row of tiles, then by column of tiles. Within rows and within columns the phase
// counts before the place.
const TILE_ROWS = ((OUTPUT_HEIGHT + DILATION - 1u) / DILATION + OUTPUTS - 1u) / OUTPUTS;
const TILE_COLUMNS = ((OUTPUT_WIDTH + DILATION - 1u) / DILATION + OUTPUTS - 1u) / OUTPUTS;
const TILES = BATCH * TILE_ROWS * DILATION * TILE_COLUMNS * DILATION;

struct Tile {
  image: u32,
  // First output row and column.
  row: u32,
  column: u32,
}

fn tileAt(index: u32) -> Tile {
  let column = index % (TILE_COLUMNS * DILATION);
  let row = index / (TILE_COLUMNS * DILATION) % (TILE_ROWS * DILATION);
  return Tile(
    index / (TILE_COLUMNS * DILATION * TILE_ROWS * DILATION),
    row / TILE_ROWS + row % TILE_ROWS * OUTPUTS * DILATION,
    column / TILE_COLUMNS + column % TILE_COLUMNS * OUTPUTS * DILATION,
  );
}
