// Input gradient of max pooling: dx[n,c,i,j] = Σ dy[w] over the windows w in which pixel (i, j) won. The winner of a
// window is its first largest element in row-major order.
// Bindings: 0 winner [N,Ho,Wo,C] read, 16 bits per channel (max_pool2d_winner.wgsl) · 1 dy [N,Ho,Wo,C] read
// · 2 dx [N,H,W,C] write. vec4f over channels, padded to 4.
// Schedule: one invocation per vec4f of BLOCK × BLOCK neighbouring pixels of dx. It asks each window that contains them
// which pixel won, and adds where it is one of its own. So nothing is scattered, and no two invocations write one
// place. BLOCK divides the stride. So all pixels of a block lie in the same windows, at most ⌈kernel / stride⌉² of
// them.
// Bound: bytes; where BLOCK is 1, loads, two per window.
#include lib/pool_geometry.wgsl
#include lib/grid.wgsl

const BLOCK: u32 = 1u;

const WINDOW_ROWS = (KERNEL_HEIGHT + STRIDE - 1u) / STRIDE;
const WINDOW_COLUMNS = (KERNEL_WIDTH + STRIDE - 1u) / STRIDE;
// Rows of blocks that cover the image and the padding before it.
const BLOCK_ROWS = (HEIGHT + PADDING_TOP + BLOCK - 1u) / BLOCK;
const BLOCK_COLUMNS = (WIDTH + PADDING_LEFT + BLOCK - 1u) / BLOCK;

@group(0) @binding(0) var<storage, read> winner: array<vec2u>;
@group(0) @binding(1) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> inputGradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * BLOCK_ROWS * BLOCK_COLUMNS * VECTORS) {
    return;
  }
  let vector = index % VECTORS;
  let block = index / VECTORS;
  let image = block / (BLOCK_ROWS * BLOCK_COLUMNS);
  let row = block / BLOCK_COLUMNS % BLOCK_ROWS * BLOCK;
  let column = block % BLOCK_COLUMNS * BLOCK;
  #unroll u in 0..BLOCK {
    #unroll v in 0..BLOCK { var sum$u_$v = vec4f(0.0); }
  }
  for (var down = 0u; down < WINDOW_ROWS; down++) {
    for (var along = 0u; along < WINDOW_COLUMNS; along++) {
      // A negative index wraps to a large number, which is no window either.
      let i = row / STRIDE + down + 1u - WINDOW_ROWS;
      let j = column / STRIDE + along + 1u - WINDOW_COLUMNS;
      let isWindow = i < OUTPUT_HEIGHT && j < OUTPUT_WIDTH;
      let window = select(0u, ((image * OUTPUT_HEIGHT + i) * OUTPUT_WIDTH + j) * VECTORS + vector, isWindow);
      let gradient = outputGradient[window];
      let packed = winner[window];
      let first = vec4u(packed.x & 0xffffu, packed.x >> 16u, packed.y & 0xffffu, packed.y >> 16u);
      #unroll u in 0..BLOCK {
        #unroll v in 0..BLOCK {
          let r$u_$v = row + $u - i * STRIDE;
          let s$u_$v = column + $v - j * STRIDE;
          let isInside$u_$v = isWindow && r$u_$v < KERNEL_HEIGHT && s$u_$v < KERNEL_WIDTH;
          let own$u_$v = select(65536u, r$u_$v * KERNEL_WIDTH + s$u_$v, isInside$u_$v);
          sum$u_$v += select(vec4f(0.0), gradient, first == vec4u(own$u_$v));
        }
      }
    }
  }
  #unroll u in 0..BLOCK {
    #unroll v in 0..BLOCK {
      let y$u_$v = row + $u - PADDING_TOP;
      let x$u_$v = column + $v - PADDING_LEFT;
      if (y$u_$v < HEIGHT && x$u_$v < WIDTH) {
        inputGradient[((image * HEIGHT + y$u_$v) * WIDTH + x$u_$v) * VECTORS + vector] = sum$u_$v;
      }
    }
  }
}
