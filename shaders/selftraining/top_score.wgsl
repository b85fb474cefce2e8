// The largest class score of each pixel, and its class, the first on ties.
// With STEP above 1 it takes only a lattice of about every STEP-th row and column. The lattice is spread over the whole
// image. It is shifted from image to image of the batch, so that no place counts more than another: what a class looks
// like depends on the row.
// Bindings: 0 logits read · 1 views read · 2 prior read (see lib/class_score_inputs.wgsl) · 3 keys [N,ROWS,COLUMNS]
// write: the f32 bits of the score. Scores are not negative, so their bits have the same order · 4 classes
// [N,ROWS,COLUMNS] write, u32: the list in which the pixel is ranked · with empty pixels 5 zones read (see
// lib/zones.wgsl).
// Schedule: one invocation takes RUN pixels that follow each other. They share the columns of logits beside them.
// Bound: C exponentials per pixel.
#include lib/bilinear.wgsl
#include SCORES
#include ZONES
#include lib/grid.wgsl

const STEP: u32 = 1u;
const RUN: u32 = 32u;

// The row (or column) in the image of row `index` of the lattice. `count` rows are spread over `size`, and shifted by a
// share of their distance.
fn spread(index: u32, shift: u32, count: u32, size: u32) -> u32 {
  if (STEP == 1u) {
    return index;
  }
  return (2u * BATCH * index + 2u * shift + 1u) * size / (2u * BATCH * count);
}

@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read> views: array<vec4u>;
@group(0) @binding(2) var<storage, read> prior: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> keys: array<u32>;
@group(0) @binding(4) var<storage, read_write> classes: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = gridIndex(workgroup, workgroups, local, 64u) * RUN;
  let rows = (labelRows() + STEP - 1u) / STEP;
  let columns = (labelColumns() + STEP - 1u) / STEP;
  let end = min(first + RUN, BATCH * rows * columns);
  var pixel = first;
  while (pixel < end) {
    let image = pixel / (rows * columns);
    let row = spread(pixel / columns % rows, image, rows, labelRows());
    let rowStart = pixel - pixel % columns;
    let rowEnd = min(end, rowStart + columns);
    var column = spread(pixel - rowStart, BATCH - 1u - image, columns, labelColumns());
    enterStretch(image, row, column);
    loop {
      writeTop(pixel, (image * labelRows() + row) * labelColumns() + column, topScore(image, row, column));
      pixel++;
      column = spread(pixel - rowStart, BATCH - 1u - image, columns, labelColumns());
      if (pixel >= rowEnd || !staysInStretch(column)) { break; }
    }
  }
}

// `place` is the pixel's place among all pixels, of which the lattice may have only some.
fn writeTop(pixel: u32, place: u32, largest: Largest) {
  // Adding zero turns a negative zero into a positive one, whose bits are the smallest.
  keys[pixel] = bitcast<u32>(max(largest.score, 0.0) + 0.0);
  classes[pixel] = listOf(place, largest.id);
}
