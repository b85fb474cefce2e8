// Weight gradient of a 2-D convolution: dw[o,c,r,s] = Σ_{n,i,j} dy[n,o,i,j] · x[n,c, i·S + r·D − P, j·S + s·D − P].
// Bindings: 0 left = x [N,H,W,I] read · 1 right = dy [N,Ho,Wo,O] read · 2 partial [SPLITS,R,S,I,O] write. vec4f over the last axis.
// Schedule: the sum over output rows is cut into SPLITS parts (added afterwards in fixed order); an invocation computes
// 4·TILE_INPUTS × 4·TILE_OUTPUTS weights of one tap in registers, walking only over columns that are inside the image.
// Bound: 2·N·Ho·Wo·O·I·R·S flop; TILE_INPUTS + TILE_OUTPUTS loads for 4·TILE_INPUTS·TILE_OUTPUTS vec4f multiply-adds.
#include lib/convolution_geometry.wgsl
#include lib/grid.wgsl
#include LEFT
#include RIGHT

const INPUT_VECTORS: u32 = 1u;
const OUTPUT_VECTORS: u32 = 1u;
const TILE_INPUTS: u32 = 2u;
const TILE_OUTPUTS: u32 = 2u;
const SPLITS: u32 = 1u;

const ROWS = BATCH * OUTPUT_HEIGHT;
const ROWS_PER_SPLIT = (ROWS + SPLITS - 1u) / SPLITS;
const INPUT_TILES = INPUT_VECTORS / TILE_INPUTS;
const OUTPUT_TILES = OUTPUT_VECTORS / TILE_OUTPUTS;
const INVOCATIONS = SPLITS * KERNEL_HEIGHT * KERNEL_WIDTH * INPUT_TILES * OUTPUT_TILES;

@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= INVOCATIONS) {
    return;
  }
  let outputVector = index % OUTPUT_TILES * TILE_OUTPUTS;
  let inputVector = index / OUTPUT_TILES % INPUT_TILES * TILE_INPUTS;
  let tap = index / (OUTPUT_TILES * INPUT_TILES) % (KERNEL_HEIGHT * KERNEL_WIDTH);
  let split = index / (OUTPUT_TILES * INPUT_TILES * KERNEL_HEIGHT * KERNEL_WIDTH);

  // Columns j with 0 ≤ j·S + shift < W.
  let shift = i32(tap % KERNEL_WIDTH * DILATION) - i32(PADDING_LEFT);
  let firstColumn = u32(max(0, (-shift + i32(STRIDE) - 1) / i32(STRIDE)));
  let endColumn = u32(clamp((i32(WIDTH) - 1 - shift + i32(STRIDE)) / i32(STRIDE), 0, i32(OUTPUT_WIDTH)));
  #unroll i in 0..TILE_INPUTS {
    #unroll k in 0..4 {
      #unroll j in 0..TILE_OUTPUTS { var sum$i_$k_$j = vec4f(0.0); }
    }
  }
  let endRow = min((split + 1u) * ROWS_PER_SPLIT, ROWS);
  for (var row = split * ROWS_PER_SPLIT; row < endRow; row++) {
    let inputRow = row % OUTPUT_HEIGHT * STRIDE + tap / KERNEL_WIDTH * DILATION - PADDING_TOP;
    if (inputRow >= HEIGHT) {
      continue;
    }
    let inputStart = (row / OUTPUT_HEIGHT * HEIGHT + inputRow) * WIDTH;
    for (var column = firstColumn; column < endColumn; column++) {
      let inputIndex = (inputStart + u32(i32(column * STRIDE) + shift)) * INPUT_VECTORS + inputVector;
      let outputIndex = (row * OUTPUT_WIDTH + column) * OUTPUT_VECTORS + outputVector;
      #unroll j in 0..TILE_OUTPUTS { let gradient$j = loadRight(outputIndex + $j); }
      #unroll i in 0..TILE_INPUTS {
        let value$i = loadLeft(inputIndex + $i);
        #unroll k in 0..4 {
          #unroll j in 0..TILE_OUTPUTS { sum$i_$k_$j = fma(vec4f(value$i[$k]), gradient$j, sum$i_$k_$j); }
        }
      }
    }
  }
  let start = ((split * KERNEL_HEIGHT * KERNEL_WIDTH + tap) * INPUT_VECTORS + inputVector) * 4u * OUTPUT_VECTORS;
  #unroll i in 0..TILE_INPUTS {
    #unroll k in 0..4 {
      #unroll j in 0..TILE_OUTPUTS {
        partial[start + $(i * 4 + k) * OUTPUT_VECTORS + outputVector + $j] = sum$i_$k_$j;
      }
    }
  }
}
