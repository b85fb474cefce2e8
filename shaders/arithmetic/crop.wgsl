// A window of an image: y[n, i, j] = x[n, TOP + i, LEFT + j], and 0 where that lies outside of x.
// TOP and LEFT may be negative; as u32 they wrap, and so does the sum, which then is beyond the image or inside again.
// Bindings: 0 x [BATCH, HEIGHT, WIDTH, VECTORS] read · 1 y [BATCH, ROWS, COLUMNS, VECTORS] write, as vec4f.
// Schedule: one invocation per vec4f of y. Bound: 8 bytes per element.
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const ROWS: u32 = 1u;
const COLUMNS: u32 = 1u;
const VECTORS: u32 = 1u;
const TOP: u32 = 0u;
const LEFT: u32 = 0u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * ROWS * COLUMNS * VECTORS) {
    return;
  }
  let pixel = index / VECTORS;
  let image = pixel / (ROWS * COLUMNS);
  let row = pixel / COLUMNS % ROWS + TOP;
  let column = pixel % COLUMNS + LEFT;
  var value = vec4f(0.0);
  if (row < HEIGHT && column < WIDTH) {
    value = x[((image * HEIGHT + row) * WIDTH + column) * VECTORS + index % VECTORS];
  }
  y[index] = value;
}
