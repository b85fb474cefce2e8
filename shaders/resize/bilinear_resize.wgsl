// Bilinear resize: y[n,c,i,j] = the mean of four pixels of x, weighted by their nearness: those above, below, left and
// right of the place in x that pixel (i, j) looks at (lib/bilinear.wgsl). With HAS_RESIDUAL r[n,c,i,j] is added.
// A slice is OUTPUT_ROWS rows of y, from FIRST_OUTPUT_ROW on. It reads ROWS rows of x, from FIRST_ROW on. The sizes are
// those of the whole image.
// Bindings: 0 x [N,ROWS,W,C] read · 1 r [N,OUTPUT_ROWS,Wo,C] read, unread without HAS_RESIDUAL · 2 y
// [N,OUTPUT_ROWS,Wo,C] write. vec4f over channels, padded to 4.
// Schedule: one invocation per vec4f of the output. Bound: loads, four per vec4f, five with a residual.
#include lib/bilinear.wgsl
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const OUTPUT_HEIGHT: u32 = 1u;
const OUTPUT_WIDTH: u32 = 1u;
const VECTORS: u32 = 1u;
const ALIGN_CORNERS: bool = false;
const FIRST_ROW: u32 = 0u;
const ROWS: u32 = 1u;
const FIRST_OUTPUT_ROW: u32 = 0u;
const OUTPUT_ROWS: u32 = 1u;
const HAS_RESIDUAL: bool = false;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> residual: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * OUTPUT_ROWS * OUTPUT_WIDTH * VECTORS) {
    return;
  }
  let vector = index % VECTORS;
  let pixel = index / VECTORS;
  let image = pixel / (OUTPUT_ROWS * OUTPUT_WIDTH);
  let row = between(FIRST_OUTPUT_ROW + pixel / OUTPUT_WIDTH % OUTPUT_ROWS, HEIGHT, OUTPUT_HEIGHT, ALIGN_CORNERS);
  let column = between(pixel % OUTPUT_WIDTH, WIDTH, OUTPUT_WIDTH, ALIGN_CORNERS);
  let top = (image * ROWS + row.low - FIRST_ROW) * WIDTH;
  let bottom = (image * ROWS + row.high - FIRST_ROW) * WIDTH;
  let topLeft = x[(top + column.low) * VECTORS + vector];
  let topRight = x[(top + column.high) * VECTORS + vector];
  let bottomLeft = x[(bottom + column.low) * VECTORS + vector];
  let bottomRight = x[(bottom + column.high) * VECTORS + vector];
  // The form a + (b − a)·w gives exactly a where both neighbours are equal.
  let above = topLeft + (topRight - topLeft) * column.weight;
  let below = bottomLeft + (bottomRight - bottomLeft) * column.weight;
  var value = above + (below - above) * row.weight;
  if (HAS_RESIDUAL) {
    value += residual[index];
  }
  y[index] = value;
}
