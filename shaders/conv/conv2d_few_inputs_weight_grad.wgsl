// Weight gradient of a 2-D convolution of at most four input channels, for software adapters:
// dw[o,c,r,s] = Σ_{n,i,j} dy[n,o,i,j] · x[n,c, i·stride + r·dilation − padding, j·stride + s·dilation − padding].
// Bindings: 0 left = x [N,H,W,4] read · 1 right = dy [N,Ho,Wo,O] read · 2 partial [SPLITS,R,S,4,O] write. vec4f over
// the last axis.
// Schedule: the sum over output rows is cut into SPLITS parts, which a second launch adds in fixed order. One
// invocation computes the weights of all taps at 4·TILE_OUTPUTS outputs in registers. It keeps the columns of x that
// the next pixel of the row needs as well.
// Bound: 2·N·Ho·Wo·O·I·R·S flop; R·STEP_TAPS + TILE_OUTPUTS loads for R·S·I·TILE_OUTPUTS multiply-adds of vec4f at a
// pixel.
#include lib/convolution_geometry.wgsl
#include lib/grid.wgsl
#include LEFT
#include RIGHT

const INPUTS: u32 = 3u;
const OUTPUT_VECTORS: u32 = 1u;
const TILE_OUTPUTS: u32 = 1u;
const SPLITS: u32 = 1u;
// STEP_TAPS is stride / dilation, where that is whole. Tap s of a pixel then reads the column that tap s + STEP_TAPS of
// the pixel before it has read. This holds for the first KEPT_TAPS taps of a row.
const STEP_TAPS: u32 = 3u;
const KEPT_TAPS: u32 = 0u;

const ROWS = BATCH * OUTPUT_HEIGHT;
const ROWS_PER_SPLIT = (ROWS + SPLITS - 1u) / SPLITS;
const OUTPUT_TILES = OUTPUT_VECTORS / TILE_OUTPUTS;

@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>;

fn loadInput(start: u32, insideRow: bool, column: u32) -> vec4f {
  let inside = insideRow && column < WIDTH;
  return select(vec4f(0.0), loadLeft(select(0u, start + column, inside)), inside);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= SPLITS * OUTPUT_TILES) {
    return;
  }
  let outputVector = index % OUTPUT_TILES * TILE_OUTPUTS;
  let split = index / OUTPUT_TILES;
  #unroll r in 0..KERNEL_HEIGHT {
    #unroll s in 0..KERNEL_WIDTH {
      #unroll c in 0..4 {
        #unroll j in 0..TILE_OUTPUTS { var sum$r_$s_$c_$j = vec4f(0.0); }
      }
    }
  }
  #unroll r in 0..KERNEL_HEIGHT {
    #unroll s in 0..KERNEL_WIDTH { var value$r_$s = vec4f(0.0); }
  }
  let endRow = min((split + 1u) * ROWS_PER_SPLIT, ROWS);
  for (var row = split * ROWS_PER_SPLIT; row < endRow; row++) {
    // In the padding these are negative. u32 wraps to a large number, which counts as outside.
    let firstRow = row % OUTPUT_HEIGHT * STRIDE - PADDING_TOP;
    #unroll r in 0..KERNEL_HEIGHT {
      let insideRow$r = firstRow + $r * DILATION < HEIGHT;
      let start$r = (row / OUTPUT_HEIGHT * HEIGHT + firstRow + $r * DILATION) * WIDTH;
    }
    #unroll r in 0..KERNEL_HEIGHT {
      #unroll s in 0..KEPT_TAPS {
        value$r_$(s + STEP_TAPS) = loadInput(start$r, insideRow$r, $s * DILATION - PADDING_LEFT);
      }
    }
    for (var column = 0u; column < OUTPUT_WIDTH; column++) {
      let firstColumn = column * STRIDE - PADDING_LEFT;
      let gradientIndex = (row * OUTPUT_WIDTH + column) * OUTPUT_VECTORS + outputVector;
      #unroll j in 0..TILE_OUTPUTS { let gradient$j = loadRight(gradientIndex + $j); }
      #unroll r in 0..KERNEL_HEIGHT {
        #unroll s in 0..KEPT_TAPS { value$r_$s = value$r_$(s + STEP_TAPS); }
        #unroll s in KEPT_TAPS..KERNEL_WIDTH {
          value$r_$s = loadInput(start$r, insideRow$r, firstColumn + $s * DILATION);
        }
        #unroll s in 0..KERNEL_WIDTH {
          #unroll c in 0..INPUTS {
            #unroll j in 0..TILE_OUTPUTS {
              sum$r_$s_$c_$j = fma(vec4f(value$r_$s[$c]), gradient$j, sum$r_$s_$c_$j);
            }
          }
        }
      }
    }
  }
  let start = split * KERNEL_HEIGHT * KERNEL_WIDTH * 4u * OUTPUT_VECTORS + outputVector;
  #unroll r in 0..KERNEL_HEIGHT {
    #unroll s in 0..KERNEL_WIDTH {
      #unroll c in 0..4 {
        #unroll j in 0..TILE_OUTPUTS {
          partial[start + $(r * KERNEL_WIDTH * 4 + s * 4 + c) * OUTPUT_VECTORS + $j] = sum$r_$s_$c_$j;
        }
      }
    }
  }
}
