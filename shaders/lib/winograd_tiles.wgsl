// The tiles of a Winograd convolution: OUTPUTS×OUTPUTS outputs each, from INPUTS×INPUTS inputs. With dilation D the outputs are
// taken by phase (row mod D, column mod D), in each of which the convolution has dilation 1; a tile belongs to one phase.
// Tiles are numbered image · row of tiles · column of tiles, phases first within rows and columns.
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
