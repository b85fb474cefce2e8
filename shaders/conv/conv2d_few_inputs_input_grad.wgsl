// Input gradient of a 2-D convolution of at most four input channels, for software adapters. The image is cut into
// blocks of S×S pixels, where S is the stride. Pixel a of block m, with a in [0, S), has the gradient
// dx[n,c, m·S + a − P, …] = Σ_{o,r} dy[n,o, m − ⌊r·D / S⌋, …] · w[o,c,r, …] over the taps r with r·D mod S = a.
// P is the padding and D the dilation. The formula shows the rows; columns are alike.
// Bindings: 0 dy [N,Ho,Wo,O] read · 1 w [R,Q,4,O] uniform · 2 dx [N,H,W,4] write. vec4f over the last axis, channels
// padded to 4. R and Q are the rows and columns of the kernel.
// Schedule: one invocation walks down TILE_ROWS blocks. A row of dy adds to ROW_REACH rows of blocks. The sums of these
// blocks stay in registers until no further row of dy reaches them. So each vec4f of dy in a column is loaded once, for
// all taps.
// All weights are loaded before the walk, from a uniform buffer at constant indices. Mesa's driver loads such a number
// once for all lanes, but only where no lane can be inactive: not in a loop, not in a branch, not after a return. Each
// number has a name of its own, for the reason told in conv2d_few_inputs.wgsl.
// Bound: 2·N·Ho·Wo·O·I·R·Q flop; COLUMNS·O/4 loads of dy for R·Q·I·O multiply-adds.
#include lib/convolution_geometry.wgsl
#include lib/grid.wgsl

const INPUTS: u32 = 3u;
const OUTPUT_VECTORS: u32 = 1u;
const TILE_ROWS: u32 = 16u;
// Rows of blocks that one row of dy reaches, from the first to the last: ⌊(R − 1)·D / S⌋ + 1.
const ROW_REACH: u32 = 2u;
// Columns of dy that reach a block. They lie max(D, S) / S apart, and the taps min(D, S) / S, which is NEAR. Their
// number is ⌊(Q − 1)·NEAR / S⌋ + 1.
const COLUMNS: u32 = 2u;
const NEAR: u32 = 1u;
const APART: u32 = 2u;

const BLOCK_COLUMNS = (WIDTH + PADDING_LEFT + STRIDE - 1u) / STRIDE;
const BLOCK_ROWS = (HEIGHT + PADDING_TOP + STRIDE - 1u) / STRIDE;
const ROW_TILES = (BLOCK_ROWS + TILE_ROWS - 1u) / TILE_ROWS;

@group(0) @binding(0) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(1) var<uniform> weights: array<vec4f, KERNEL_HEIGHT * KERNEL_WIDTH * 4u * OUTPUT_VECTORS>;
@group(0) @binding(2) var<storage, read_write> inputGradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  #unroll r in 0..KERNEL_HEIGHT {
    #unroll s in 0..KERNEL_WIDTH {
      #unroll c in 0..INPUTS {
        #unroll j in 0..OUTPUT_VECTORS {
          #unroll k in 0..4 {
            let weight$r_$s_$c_$j_$k =
              weights[$(r * KERNEL_WIDTH * 4 * OUTPUT_VECTORS + s * 4 * OUTPUT_VECTORS + c * OUTPUT_VECTORS + j)][$k];
          }
        }
      }
    }
  }
  let index = gridIndex(workgroup, workgroups, local, 64u);
  let blockColumn = index % BLOCK_COLUMNS;
  let firstBlock = index / BLOCK_COLUMNS % ROW_TILES * TILE_ROWS;
  let image = index / (BLOCK_COLUMNS * ROW_TILES);
  // Left of the image these are negative. u32 wraps to a large number, which counts as outside.
  #unroll p in 0..COLUMNS {
    let column$p = blockColumn - $(p * APART / STRIDE)u;
    let insideColumn$p = image < BATCH && column$p < OUTPUT_WIDTH;
  }
  #unroll q in 0..ROW_REACH {
    #unroll a in 0..STRIDE {
      #unroll b in 0..STRIDE {
        #unroll c in 0..4 { var sum$q_$a_$b_$c = 0.0; }
      }
    }
  }
  for (var step = 0u; step < ROW_REACH - 1u + TILE_ROWS; step++) {
    let row = firstBlock + step - (ROW_REACH - 1u);
    let start = (image * OUTPUT_HEIGHT + row) * OUTPUT_WIDTH;
    #unroll p in 0..COLUMNS {
      let inside$p = insideColumn$p && row < OUTPUT_HEIGHT;
      let place$p = select(0u, (start + column$p) * OUTPUT_VECTORS, inside$p);
    }
    #unroll j in 0..OUTPUT_VECTORS {
      #unroll p in 0..COLUMNS {
        let vector$j_$p = select(vec4f(0.0), outputGradient[place$p + $j], inside$p);
        #unroll k in 0..4 { let value$j_$p_$k = vector$j_$p[$k]; }
      }
      #unroll r in 0..KERNEL_HEIGHT {
        #unroll s in 0..KERNEL_WIDTH {
          #unroll c in 0..INPUTS {
            #unroll k in 0..4 {
              sum$(r * DILATION / STRIDE)_$(r * DILATION - r * DILATION / STRIDE * STRIDE)_$(s * DILATION - s * DILATION / STRIDE * STRIDE)_$c = fma(
                value$j_$(s * NEAR / STRIDE)_$k,
                weight$r_$s_$c_$j_$k,
                sum$(r * DILATION / STRIDE)_$(r * DILATION - r * DILATION / STRIDE * STRIDE)_$(s * DILATION - s * DILATION / STRIDE * STRIDE)_$c,
              );
            }
          }
        }
      }
    }
    #unroll a in 0..STRIDE {
      let inputRow$a = row * STRIDE + $a - PADDING_TOP;
      let storesRow$a = step >= ROW_REACH - 1u && image < BATCH && inputRow$a < HEIGHT;
      #unroll b in 0..STRIDE {
        let inputColumn$a_$b = blockColumn * STRIDE + $b - PADDING_LEFT;
        if (storesRow$a && inputColumn$a_$b < WIDTH) {
          inputGradient[(image * HEIGHT + inputRow$a) * WIDTH + inputColumn$a_$b] =
            vec4f(sum0_$a_$b_0, sum0_$a_$b_1, sum0_$a_$b_2, sum0_$a_$b_3);
        }
        #unroll c in 0..4 {
          #unroll q in 1..ROW_REACH { sum$(q - 1)_$a_$b_$c = sum$q_$a_$b_$c; }
          sum$(ROW_REACH - 1)_$a_$b_$c = 0.0;
        }
      }
    }
  }
}
