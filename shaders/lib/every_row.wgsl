// The rows of a product, for products in which every row is a row of y and every sum goes over all of K.
#include lib/no_row.wgsl

fn sumVectors(_batch: u32) -> u32 {
  return sizes.y;
}

fn resultRow(split: u32, batch: u32, row: u32) -> u32 {
  return select(NO_ROW, (split * sizes.w + batch) * sizes.x + row, row < sizes.x);
}
