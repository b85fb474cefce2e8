// What a product makes of its rows where each is a row of y and sums over all of K.

// What `resultRow` gives for a row that is none of y.
const NO_ROW = 0xffffffffu;

fn sumVectors(_batch: u32) -> u32 {
  return sizes.y;
}

fn resultRow(split: u32, batch: u32, row: u32) -> u32 {
  return select(NO_ROW, (split * sizes.w + batch) * sizes.x + row, row < sizes.x);
}
