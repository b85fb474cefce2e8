// Depthwise 2-D convolution, with an optional epilogue:
// y[n,c,i,j] = f(scale[c] · sum + shift[c] + residual[n,c,i,j]), where
// sum = Σ_{r,s} x[n,c, i·stride + r·dilation − padding, j·stride + s·dilation − padding] · w[c,r,s]. With
// FLIPPED the taps are reversed: w[c, R−1−r, Q−1−s] stands for w[c,r,s]. At stride 1 this is the input gradient, with
// dy as x. R and Q are the rows and columns of the kernel.
// Bindings: 0 x [N,H,W,C] read · 1 w [R,Q,C] read · 2 epilogue, 3 residual read (lib/epilogue.wgsl) · 4 y [N,Ho,Wo,C]
// write. All as vec4f over the last axis, channels padded to 4.
// Schedule: one invocation computes a tile (lib/depthwise_tiles.wgsl) of one vec4f of channels, row by row downwards.
// The R rows of input under the window stay in registers. So every input is loaded once per tile for all taps, at any
// dilation.
// Bound: bytes, 8 per element at stride 1. On software adapters the loads bound it, about 1.5 per output.
#include lib/depthwise_tiles.wgsl
#include lib/epilogue.wgsl
#include lib/grid.wgsl

const FLIPPED: bool = false;

@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> epilogue: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  let vector = index % VECTORS;
  let outputColumn = firstColumnOf(index / VECTORS % COLUMN_TILES);
  let outputRow = firstRowOf(index / (VECTORS * COLUMN_TILES) % ROW_TILES);
  let image = index / (VECTORS * COLUMN_TILES * ROW_TILES);
  if (image >= BATCH) {
    return;
  }
  // In the padding these are negative. u32 wraps to a large number, which counts as outside.
  let inputColumn = outputColumn * STRIDE - PADDING_LEFT;
  let inputRow = outputRow * STRIDE - PADDING_TOP;
  #unroll c in 0..COLUMNS {
    let inside$c = inputColumn + $c * DILATION < WIDTH;
    let column$c = (inputColumn + $c * DILATION) * VECTORS + vector;
  }
  #unroll r in 0..KERNEL_HEIGHT {
    #unroll s in 0..KERNEL_WIDTH {
      let weight$r_$s = weights[select(
        $(r * KERNEL_WIDTH + s)u,
        $(KERNEL_HEIGHT * KERNEL_WIDTH - r * KERNEL_WIDTH - s - 1)u,
        FLIPPED,
      ) * VECTORS + vector];
    }
    #unroll c in 0..COLUMNS { var value$r_$c = vec4f(0.0); }
  }
  let scale = epilogueScale(vector);
  let shift = epilogueShift(vector, VECTORS);
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
      var sum$p = vec4f(0.0);
      #unroll r in 0..KERNEL_HEIGHT {
        #unroll s in 0..KERNEL_WIDTH { sum$p = fma(value$r_$(p * TILE_STEP + s), weight$r_$s, sum$p); }
      }
      if (outputColumn + $p * OUTPUT_STEP < OUTPUT_WIDTH) {
        let place$p = (outputStart + outputColumn + $p * OUTPUT_STEP) * VECTORS + vector;
        y[place$p] = finish(sum$p, scale, shift, place$p);
      }
    }
    #unroll k in 0..KEPT_ROWS {
      #unroll c in 0..COLUMNS { value$k_$c = value$(k + TILE_STEP)_$c; }
    }
  }
}
