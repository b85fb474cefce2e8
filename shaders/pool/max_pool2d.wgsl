// Max pooling: y[n,c,i,j] = the largest x of window (i, j), padding left out.
// Bindings: 0 x [N,H,W,C] read · 1 y [N,Ho,Wo,C] write. vec4f over channels, padded to 4.
// Schedule: one invocation per vec4f of the output. Bound: loads, one per tap.
#include lib/pool_geometry.wgsl
#include lib/grid.wgsl

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * OUTPUT_HEIGHT * OUTPUT_WIDTH * VECTORS) {
    return;
  }
  let vector = index % VECTORS;
  let pixel = index / VECTORS;
  let image = pixel / (OUTPUT_HEIGHT * OUTPUT_WIDTH);
  let rows = windowRange(pixel / OUTPUT_WIDTH % OUTPUT_HEIGHT, KERNEL_HEIGHT, PADDING_TOP, HEIGHT);
  let columns = windowRange(pixel % OUTPUT_WIDTH, KERNEL_WIDTH, PADDING_LEFT, WIDTH);
  var largest = x[((image * HEIGHT + rows.x) * WIDTH + columns.x) * VECTORS + vector];
  for (var row = rows.x; row < rows.y; row++) {
    let start = (image * HEIGHT + row) * WIDTH * VECTORS + vector;
    for (var column = columns.x; column < columns.y; column++) {
      largest = max(largest, x[start + column * VECTORS]);
    }
  }
  y[index] = largest;
}
