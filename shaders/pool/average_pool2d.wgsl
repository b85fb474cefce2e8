// Average pooling: y[n,c,i,j] = the mean of x over window (i, j). With COUNT_PADDING, the padding counts as zeros.
// Bindings: 0 x [N,H,W,C] read · 1 y [N,Ho,Wo,C] write. vec4f over channels, padded to 4.
// Schedule: one invocation per vec4f of the output. Bound: loads, one per tap.
#include lib/pool_geometry.wgsl
#include lib/pool_average.wgsl
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
  let i = pixel / OUTPUT_WIDTH % OUTPUT_HEIGHT;
  let j = pixel % OUTPUT_WIDTH;
  let rows = windowRange(i, KERNEL_HEIGHT, PADDING_TOP, HEIGHT);
  let columns = windowRange(j, KERNEL_WIDTH, PADDING_LEFT, WIDTH);
  var sum = vec4f(0.0);
  for (var row = rows.x; row < rows.y; row++) {
    let start = (image * HEIGHT + row) * WIDTH * VECTORS + vector;
    for (var column = columns.x; column < columns.y; column++) {
      sum += x[start + column * VECTORS];
    }
  }
  y[index] = sum / (rowsCounted(i) * columnsCounted(j));
}
