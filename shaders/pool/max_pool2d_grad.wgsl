// Input gradient of max pooling: dx[n,c,i,j] = Σ dy[w] over the windows w whose first largest element, in row-major
// order, is x[n,c,i,j].
// Bindings: 0 x [N,H,W,C] read · 1 dy [N,Ho,Wo,C] read · 2 dx [N,H,W,C] write. vec4f over channels, padded to 4.
// Schedule: one invocation per vec4f of the input; it visits the windows that hold its pixel and compares their
// elements with its own, so no index is stored and nothing is scattered.
// Bound: loads, about ⌈K/S⌉²·K².
#include lib/pool_geometry.wgsl
#include lib/grid.wgsl

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> inputGradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * HEIGHT * WIDTH * VECTORS) {
    return;
  }
  let vector = index % VECTORS;
  let pixel = index / VECTORS;
  let image = pixel / (HEIGHT * WIDTH);
  let atRow = pixel / WIDTH % HEIGHT;
  let atColumn = pixel % WIDTH;
  let windowRows = windowsAt(atRow, KERNEL_HEIGHT, PADDING_TOP, OUTPUT_HEIGHT);
  let windowColumns = windowsAt(atColumn, KERNEL_WIDTH, PADDING_LEFT, OUTPUT_WIDTH);
  let own = x[index];
  var sum = vec4f(0.0);
  for (var i = windowRows.x; i < windowRows.y; i++) {
    let rows = windowRange(i, KERNEL_HEIGHT, PADDING_TOP, HEIGHT);
    for (var j = windowColumns.x; j < windowColumns.y; j++) {
      let columns = windowRange(j, KERNEL_WIDTH, PADDING_LEFT, WIDTH);
      var wins = vec4<bool>(true);
      for (var row = rows.x; row < rows.y; row++) {
        let start = (image * HEIGHT + row) * WIDTH * VECTORS + vector;
        for (var column = columns.x; column < columns.y; column++) {
          let other = x[start + column * VECTORS];
          let isEarlier = row < atRow || (row == atRow && column < atColumn);
          wins &= select(own >= other, own > other, vec4<bool>(isEarlier));
        }
      }
      let gradient = outputGradient[((image * OUTPUT_HEIGHT + i) * OUTPUT_WIDTH + j) * VECTORS + vector];
      sum += select(vec4f(0.0), gradient, wins);
    }
  }
  inputGradient[index] = sum;
}
