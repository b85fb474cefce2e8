// Input gradient of a strided depthwise 2-D convolution without dilation. The image is cut into blocks of S×S pixels,
// where S is the stride. Pixel ρ of block b, with ρ in [0, S), has the gradient
// dx[n,c, b·S + ρ − padding, …] = Σ_t dy[n,c, b − t, …] · w[c, ρ + t·S, …]. The formula shows the rows; columns are
// alike.
// Bindings: 0 dy [N,Ho,Wo,C] read · 1 w [R,Q,C] read · 2 dx [N,H,W,C] write. vec4f over the last axis, padded to 4.
// Schedule: one invocation walks down TILE_ROWS rows of TILE_COLUMNS blocks, for one vec4f of channels. All pixels of a
// block need the same elements of dy. These stay in registers from row to row.
// Bound: bytes, 4 + 4/S² per element of dx.
#include lib/convolution_geometry.wgsl
#include lib/grid.wgsl

const VECTORS: u32 = 1u;
const TILE_ROWS: u32 = 8u;
const TILE_COLUMNS: u32 = 4u;
// Elements of dy that a pixel needs in one column: ⌈R / S⌉. In one row they are ⌈Q / S⌉.
const ROW_REACH: u32 = 2u;
const COLUMN_REACH: u32 = 2u;

const COLUMNS: u32 = TILE_COLUMNS + COLUMN_REACH - 1u;
const BLOCK_ROWS = (HEIGHT + PADDING_TOP + STRIDE - 1u) / STRIDE;
const BLOCK_COLUMNS = (WIDTH + PADDING_LEFT + STRIDE - 1u) / STRIDE;
const ROW_TILES = (BLOCK_ROWS + TILE_ROWS - 1u) / TILE_ROWS;
const COLUMN_TILES = (BLOCK_COLUMNS + TILE_COLUMNS - 1u) / TILE_COLUMNS;

@group(0) @binding(0) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> inputGradient: array<vec4f>;

fn load(row: u32, column: u32, inside: bool) -> vec4f {
  return select(vec4f(0.0), outputGradient[select(0u, row + column, inside)], inside);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  let vector = index % VECTORS;
  let blockColumn = index / VECTORS % COLUMN_TILES * TILE_COLUMNS;
  let firstRow = index / (VECTORS * COLUMN_TILES) % ROW_TILES * TILE_ROWS;
  let image = index / (VECTORS * COLUMN_TILES * ROW_TILES);
  if (image >= BATCH) {
    return;
  }
  // u32 wraps below zero, so that one comparison tells whether a row or column is inside.
  #unroll c in 0..COLUMNS {
    let inside$c = blockColumn + $c - $(COLUMN_REACH - 1)u < OUTPUT_WIDTH;
    let column$c = (blockColumn + $c - $(COLUMN_REACH - 1)u) * VECTORS + vector;
  }
  #unroll r in 0..KERNEL_HEIGHT {
    #unroll s in 0..KERNEL_WIDTH { let weight$r_$s = weights[$(r * KERNEL_WIDTH + s) * VECTORS + vector]; }
  }
  #unroll k in 0..ROW_REACH {
    let row$k = firstRow + $k - ROW_REACH;
    let start$k = (image * OUTPUT_HEIGHT + row$k) * OUTPUT_WIDTH * VECTORS;
    #unroll c in 0..COLUMNS { var value$k_$c = load(start$k, column$c, row$k < OUTPUT_HEIGHT && inside$c); }
  }
  for (var q = 0u; q < TILE_ROWS && firstRow + q < BLOCK_ROWS; q++) {
    let newRow = firstRow + q;
    let start = (image * OUTPUT_HEIGHT + newRow) * OUTPUT_WIDTH * VECTORS;
    #unroll c in 0..COLUMNS {
      #unroll k in 1..ROW_REACH { value$(k - 1)_$c = value$k_$c; }
      value$(ROW_REACH - 1)_$c = load(start, column$c, newRow < OUTPUT_HEIGHT && inside$c);
    }
    let firstInputRow = newRow * STRIDE - PADDING_TOP;
    #unroll p in 0..TILE_COLUMNS {
      #unroll a in 0..STRIDE {
        #unroll b in 0..STRIDE { var sum$p_$a_$b = vec4f(0.0); }
      }
      #unroll r in 0..KERNEL_HEIGHT {
        #unroll s in 0..KERNEL_WIDTH {
          sum$p_$(r - r / STRIDE * STRIDE)_$(s - s / STRIDE * STRIDE) = fma(
            value$(ROW_REACH - 1 - r / STRIDE)_$(p + COLUMN_REACH - 1 - s / STRIDE),
            weight$r_$s,
            sum$p_$(r - r / STRIDE * STRIDE)_$(s - s / STRIDE * STRIDE),
          );
        }
      }
      #unroll a in 0..STRIDE {
        #unroll b in 0..STRIDE {
          let row$p_$a_$b = firstInputRow + $a;
          let column$p_$a_$b = (blockColumn + $p) * STRIDE - PADDING_LEFT + $b;
          if (row$p_$a_$b < HEIGHT && column$p_$a_$b < WIDTH) {
            inputGradient[((image * HEIGHT + row$p_$a_$b) * WIDTH + column$p_$a_$b) * VECTORS + vector] = sum$p_$a_$b;
          }
        }
      }
    }
  }
}
