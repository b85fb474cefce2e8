// Input gradient of a depthwise 2-D convolution:
// dx[n,c,y,x] = Σ_{r,s} dy[n,c, (y + padding − r·dilation)/stride, (x + padding − s·dilation)/stride] · w[c,r,s],
// over the taps (r, s) at which both divisions leave no remainder.
// Two other kernels are faster where they apply: depthwise_conv2d with FLIPPED taps at stride 1, and
// depthwise_conv2d_input_grad_blocks without dilation.
// Bindings: 0 dy [N,Ho,Wo,C] read · 1 w [R,Q,C] read · 2 dx [N,H,W,C] write. vec4f over the last axis, padded to 4.
// Schedule: the phase of a pixel is (y mod stride, x mod stride). The grid takes one phase per step in z, so that all
// pixels of a tile use the same taps. One invocation computes TILE_COLUMNS pixels of one row and phase × one vec4f of
// channels.
// Bound: bytes. On software adapters the loads bound it, R·Q/stride² per pixel.
#include lib/convolution_geometry.wgsl
#include lib/grid.wgsl

const VECTORS: u32 = 1u;
const TILE_COLUMNS: u32 = 8u;

const PHASE_HEIGHT = (HEIGHT + STRIDE - 1u) / STRIDE;
const PHASE_WIDTH = (WIDTH + STRIDE - 1u) / STRIDE;
const COLUMN_TILES = (PHASE_WIDTH + TILE_COLUMNS - 1u) / TILE_COLUMNS;

@group(0) @binding(0) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> inputGradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  let vector = index % VECTORS;
  let firstColumn = index / VECTORS % COLUMN_TILES * TILE_COLUMNS * STRIDE + workgroup.z % STRIDE;
  let row = index / (VECTORS * COLUMN_TILES) % PHASE_HEIGHT * STRIDE + workgroup.z / STRIDE;
  let image = index / (VECTORS * COLUMN_TILES * PHASE_HEIGHT);
  if (image >= BATCH || row >= HEIGHT) {
    return;
  }
  #unroll p in 0..TILE_COLUMNS { var sum$p = vec4f(0.0); }
  for (var r = 0u; r < KERNEL_HEIGHT; r++) {
    let rowDistance = i32(row + PADDING_TOP) - i32(r * DILATION);
    let outputRow = rowDistance / i32(STRIDE);
    if (rowDistance < 0 || outputRow * i32(STRIDE) != rowDistance || outputRow >= i32(OUTPUT_HEIGHT)) {
      continue;
    }
    let start = (image * OUTPUT_HEIGHT + u32(outputRow)) * OUTPUT_WIDTH;
    for (var s = 0u; s < KERNEL_WIDTH; s++) {
      let columnDistance = i32(firstColumn + PADDING_LEFT) - i32(s * DILATION);
      // The division is exact for negative distances too, since only multiples of the stride come this far.
      let outputColumn = columnDistance / i32(STRIDE);
      if (outputColumn * i32(STRIDE) != columnDistance) {
        continue;
      }
      let tap = weights[(r * KERNEL_WIDTH + s) * VECTORS + vector];
      #unroll p in 0..TILE_COLUMNS {
        // A negative column wraps to a large number, which counts as outside.
        let column$p = u32(outputColumn + $p);
        let inside$p = column$p < OUTPUT_WIDTH;
        let value$p = outputGradient[(start + select(0u, column$p, inside$p)) * VECTORS + vector];
        sum$p = fma(select(vec4f(0.0), value$p, inside$p), tap, sum$p);
      }
    }
  }
  #unroll p in 0..TILE_COLUMNS {
    if (firstColumn + $p * STRIDE < WIDTH) {
      inputGradient[((image * HEIGHT + row) * WIDTH + firstColumn + $p * STRIDE) * VECTORS + vector] = sum$p;
    }
  }
}
