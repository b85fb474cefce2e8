// Weight gradient of a 2-D convolution:
// dw[o,c,r,s] = Σ_{n,i,j} dy[n,o,i,j] · x[n,c, i·stride + r·dilation − padding, j·stride + s·dilation − padding].
// Bindings: 0 left = x [N,H,W,I] read · 1 right = dy [N,Ho,Wo,O] read · 2 sizes (ConvolutionSizes)
// · 3 partial [splits,R,S,I,O] write. vec4f over the last axis.
// Schedule: the sum over output rows is cut into parts, which a second launch adds in fixed order. One invocation
// computes 4·TILE_INPUTS × 4·TILE_OUTPUTS weights of one tap in registers. It walks only over the columns whose tap
// lies inside the image.
// Bound: 2·N·Ho·Wo·O·I·R·S flop; TILE_INPUTS + TILE_OUTPUTS loads for 4·TILE_INPUTS·TILE_OUTPUTS multiply-adds of
// vec4f.
#include lib/convolution_sizes.wgsl
#include lib/grid.wgsl
#include LEFT
#include RIGHT

const TILE_INPUTS: u32 = 2u;
const TILE_OUTPUTS: u32 = 2u;

@group(0) @binding(2) var<uniform> sizes: ConvolutionSizes;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let rows = sizes.batch * sizes.outputHeight;
  let rowsPerSplit = (rows + sizes.splits - 1u) / sizes.splits;
  let inputTiles = sizes.inputVectors / TILE_INPUTS;
  let outputTiles = sizes.outputVectors / TILE_OUTPUTS;
  let taps = sizes.kernelHeight * sizes.kernelWidth;
  let stride = i32(sizes.stride);
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= sizes.splits * taps * inputTiles * outputTiles) {
    return;
  }
  let outputVector = index % outputTiles * TILE_OUTPUTS;
  let inputVector = index / outputTiles % inputTiles * TILE_INPUTS;
  let tap = index / (outputTiles * inputTiles) % taps;
  let split = index / (outputTiles * inputTiles * taps);

  // The columns j whose tap lies inside the image: 0 ≤ j·stride + shift < W.
  let shift = i32(tap % sizes.kernelWidth * sizes.dilation) - i32(sizes.paddingLeft);
  let firstColumn = u32(max(0, (-shift + stride - 1) / stride));
  let endColumn = u32(clamp((i32(sizes.width) - 1 - shift + stride) / stride, 0, i32(sizes.outputWidth)));
  #unroll i in 0..TILE_INPUTS {
    #unroll k in 0..4 {
      #unroll j in 0..TILE_OUTPUTS { var sum$i_$k_$j = vec4f(0.0); }
    }
  }
  let endRow = min((split + 1u) * rowsPerSplit, rows);
  for (var row = split * rowsPerSplit; row < endRow; row++) {
    let inputRow = row % sizes.outputHeight * sizes.stride + tap / sizes.kernelWidth * sizes.dilation - sizes.paddingTop;
    if (inputRow >= sizes.height) {
      continue;
    }
    let inputStart = (row / sizes.outputHeight * sizes.height + inputRow) * sizes.width;
    for (var column = firstColumn; column < endColumn; column++) {
      let inputIndex = (inputStart + u32(i32(column * sizes.stride) + shift)) * sizes.inputVectors + inputVector;
      let outputIndex = (row * sizes.outputWidth + column) * sizes.outputVectors + outputVector;
      #unroll j in 0..TILE_OUTPUTS { let gradient$j = loadRight(outputIndex + $j); }
      #unroll i in 0..TILE_INPUTS {
        let value$i = loadLeft(inputIndex + $i);
        #unroll k in 0..4 {
          #unroll j in 0..TILE_OUTPUTS { sum$i_$k_$j = fma(vec4f(value$i[$k]), gradient$j, sum$i_$k_$j); }
        }
      }
    }
  }
  let start = ((split * taps + tap) * sizes.inputVectors + inputVector) * 4u * sizes.outputVectors;
  #unroll i in 0..TILE_INPUTS {
    #unroll k in 0..4 {
      #unroll j in 0..TILE_OUTPUTS {
        partial[start + $(i * 4 + k) * sizes.outputVectors + outputVector + $j] = sum$i_$k_$j;
      }
    }
  }
}
