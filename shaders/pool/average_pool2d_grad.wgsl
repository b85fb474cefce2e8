// Input gradient of average pooling: dx[n,c,i,j] = Σ dy[w] / size(w) over the windows w that contain pixel (i, j).
// A slice is ROWS rows of dx of each image, from FIRST_ROW on. It reads WINDOWS rows of dy, from FIRST_WINDOW on.
// HEIGHT and OUTPUT_HEIGHT are those of the whole image, H and Ho below those of the slice.
// Bindings: 0 dy [N,Ho,Wo,C] read · 1 dx [N,H,W,C] write. vec4f over channels, padded to 4.
// Schedule: one invocation per vec4f of the input. Bound: loads, about ⌈kernel / stride⌉² of them.
#include lib/pool_geometry.wgsl
#include lib/pool_average.wgsl
#include lib/grid.wgsl

const FIRST_ROW: u32 = 0u;
const ROWS: u32 = 1u;
const FIRST_WINDOW: u32 = 0u;
const WINDOWS: u32 = 1u;

@group(0) @binding(0) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> inputGradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * ROWS * WIDTH * VECTORS) {
    return;
  }
  let vector = index % VECTORS;
  let pixel = index / VECTORS;
  let image = pixel / (ROWS * WIDTH);
  let rows = windowsAt(FIRST_ROW + pixel / WIDTH % ROWS, KERNEL_HEIGHT, PADDING_TOP, OUTPUT_HEIGHT);
  let columns = windowsAt(pixel % WIDTH, KERNEL_WIDTH, PADDING_LEFT, OUTPUT_WIDTH);
  var sum = vec4f(0.0);
  for (var i = rows.x; i < rows.y; i++) {
    let height = rowsCounted(i);
    let start = (image * WINDOWS + i - FIRST_WINDOW) * OUTPUT_WIDTH * VECTORS + vector;
    for (var j = columns.x; j < columns.y; j++) {
      sum += outputGradient[start + j * VECTORS] / (height * columnsCounted(j));
    }
  }
  inputGradient[index] = sum;
}
