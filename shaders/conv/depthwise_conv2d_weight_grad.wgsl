// Weight gradient of a depthwise 2-D convolution:
// dw[c,r,s] = Σ_{n,i,j} dy[n,c,i,j] · x[n,c, i·stride + r·dilation − padding, j·stride + s·dilation − padding].
// Bindings: 0 x [N,H,W,C] read · 1 dy [N,Ho,Wo,C] read · 2 partial [splits,R,Q,C] write. vec4f over the last axis.
// Schedule: the outputs are walked over in tiles (lib/depthwise_tiles.wgsl), as in depthwise_conv2d.wgsl, with the
// inputs under the window in registers. One invocation adds up all R·Q taps of one vec4f of channels over
// TILES_PER_SPLIT tiles that lie below one another. A second launch adds these parts in fixed order.
// Bound: bytes, 8 per element at stride 1. On software adapters the loads bound it, about 2.3 per output.
#include lib/depthwise_tiles.wgsl
#include lib/grid.wgsl

const TILES_PER_SPLIT: u32 = 1u;

const LAST_COLUMN = OUTPUT_WIDTH - 1u;

@group(0) @binding(1) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  let vector = index % VECTORS;
  let split = index / VECTORS;
  let firstTile = split / COLUMN_TILES * TILES_PER_SPLIT;
  if (firstTile >= BATCH * ROW_TILES) {
    return;
  }
  let outputColumn = firstColumnOf(split % COLUMN_TILES);
  // In the padding these are negative. u32 wraps to a large number, which counts as outside.
  let inputColumn = outputColumn * STRIDE - PADDING_LEFT;
  #unroll c in 0..COLUMNS {
    let inside$c = inputColumn + $c * DILATION < WIDTH;
    let column$c = (inputColumn + $c * DILATION) * VECTORS + vector;
  }
  #unroll r in 0..KERNEL_HEIGHT {
    #unroll s in 0..KERNEL_WIDTH { var sum$r_$s = vec4f(0.0); }
    #unroll c in 0..COLUMNS { var value$r_$c = vec4f(0.0); }
  }
  for (var tile = firstTile; tile < min(firstTile + TILES_PER_SPLIT, BATCH * ROW_TILES); tile++) {
    let image = tile / ROW_TILES;
    let outputRow = firstRowOf(tile % ROW_TILES);
    let inputRow = outputRow * STRIDE - PADDING_TOP;
    #unroll k in 0..KEPT_ROWS {
      let firstInside$k = inputRow + $k * DILATION < HEIGHT;
      let firstStart$k = (image * HEIGHT + inputRow + $k * DILATION) * WIDTH * VECTORS;
      #unroll c in 0..COLUMNS { value$k_$c = load(firstStart$k, column$c, firstInside$k && inside$c); }
    }
    for (var q = 0u; q < TILE_ROWS && outputRow + q * OUTPUT_STEP < OUTPUT_HEIGHT; q++) {
      #unroll k in KEPT_ROWS..KERNEL_HEIGHT {
        let row$k = inputRow + (q * TILE_STEP + $k) * DILATION;
        let start$k = (image * HEIGHT + row$k) * WIDTH * VECTORS;
        #unroll c in 0..COLUMNS { value$k_$c = load(start$k, column$c, row$k < HEIGHT && inside$c); }
      }
      let outputStart = (image * OUTPUT_HEIGHT + outputRow + q * OUTPUT_STEP) * OUTPUT_WIDTH;
      #unroll p in 0..TILE_COLUMNS {
        let at$p = outputColumn + $p * OUTPUT_STEP;
        let gradient$p = select(
          vec4f(0.0),
          outputGradient[(outputStart + min(at$p, LAST_COLUMN)) * VECTORS + vector],
          at$p <= LAST_COLUMN,
        );
        #unroll r in 0..KERNEL_HEIGHT {
          #unroll s in 0..KERNEL_WIDTH { sum$r_$s = fma(value$r_$(p * TILE_STEP + s), gradient$p, sum$r_$s); }
        }
      }
      #unroll k in 0..KEPT_ROWS {
        #unroll c in 0..COLUMNS { value$k_$c = value$(k + TILE_STEP)_$c; }
      }
    }
  }
  let start = split * KERNEL_HEIGHT * KERNEL_WIDTH * VECTORS + vector;
  #unroll r in 0..KERNEL_HEIGHT {
    #unroll s in 0..KERNEL_WIDTH { partial[start + $(r * KERNEL_WIDTH + s) * VECTORS] = sum$r_$s; }
  }
}
