// Depthwise 2-D convolution, with an optional epilogue:
// y[n,c,i,j] = f(scale[c] · sum + shift[c] + residual[n,c,i,j]), where
// sum = Σ_{r,s} x[n,c, i·stride + r·dilation − padding, j·stride + s·dilation − padding] · w[c,r,s]. With
// FLIPPED the taps are reversed: w[c, R−1−r, Q−1−s] stands for w[c,r,s]. At stride 1 this is the input gradient, with
// dy as x. R and Q are the rows and columns of the kernel.
// Bindings: 0 x [N,H,W,C] read · 1 w [R,Q,C] read · 2 epilogue, 3 residual read (lib/epilogue.wgsl) · 4 y [N,Ho,Wo,C]
// write. All as vec4f over the last axis, channels padded to 4.
// Schedule: one invocation computes a tile of TILE_ROWS × TILE_COLUMNS outputs of one vec4f of channels, row by row
// downwards. The outputs of a tile lie OUTPUT_STEP apart, so that their taps fall on the same inputs. The R rows of
// input under the window stay in registers. So every input is loaded once per tile for all taps, at any dilation.
// Bound: bytes, 8 per element at stride 1. On software adapters the loads bound it, about 1.5 per output.
#include lib/convolution_geometry.wgsl
#include lib/epilogue.wgsl
#include lib/grid.wgsl

const VECTORS: u32 = 1u;
const OUTPUT_STEP: u32 = 1u;
const TILE_STEP: u32 = 1u;
const TILE_ROWS: u32 = 8u;
const TILE_COLUMNS: u32 = 8u;
const KEPT_ROWS: u32 = 2u;
const HAS_PADDING: bool = true;
const FLIPPED: bool = false;

// Inputs under a row of a tile, DILATION pixels apart.
const COLUMNS: u32 = TILE_COLUMNS * TILE_STEP - TILE_STEP + KERNEL_WIDTH;
const PHASE_ROWS = (OUTPUT_HEIGHT + OUTPUT_STEP - 1u) / OUTPUT_STEP;
const PHASE_COLUMNS = (OUTPUT_WIDTH + OUTPUT_STEP - 1u) / OUTPUT_STEP;
const ROW_TILES = (PHASE_ROWS + TILE_ROWS - 1u) / TILE_ROWS;
const COLUMN_TILES = (PHASE_COLUMNS + TILE_COLUMNS - 1u) / TILE_COLUMNS;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> epilogue: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

fn load(row: u32, column: u32, inside: bool) -> vec4f {
  if (!HAS_PADDING) {
    return x[row + column];
  }
  return select(vec4f(0.0), x[select(0u, row + column, inside)], inside);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  let vector = index % VECTORS;
  let tileColumn = index / VECTORS % (COLUMN_TILES * OUTPUT_STEP);
  let tileRow = index / (VECTORS * COLUMN_TILES * OUTPUT_STEP) % (ROW_TILES * OUTPUT_STEP);
  let image = index / (VECTORS * COLUMN_TILES * OUTPUT_STEP * ROW_TILES * OUTPUT_STEP);
  if (image >= BATCH) {
    return;
  }
  let outputColumn = tileColumn / OUTPUT_STEP * TILE_COLUMNS * OUTPUT_STEP + tileColumn % OUTPUT_STEP;
  let outputRow = tileRow / OUTPUT_STEP * TILE_ROWS * OUTPUT_STEP + tileRow % OUTPUT_STEP;
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
