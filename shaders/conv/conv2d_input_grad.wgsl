// Input gradient of a 2-D convolution:
// dx[n,c,y,x] = Σ_{o,r,s} dy[n,o, (y + padding − r·dilation)/stride, (x + padding − s·dilation)/stride] · w[o,c,r,s],
// over the taps (r, s) at which both divisions leave no remainder.
// Bindings: 0 left = dy [N,Ho,Wo,O] read · 1 right = w [R,S,I,O] read · 2 sizes (ConvolutionSizes)
// · 3 dx [N,H,W,I] write. vec4f over the last axis, padded to 4.
// Schedule: the phase of a pixel is (y mod stride, x mod stride). All pixels of one phase are reached by the same taps.
// So the grid takes one phase per step in z: all pixels of a tile use the same taps, and no multiplication is wasted.
// One invocation computes TILE_PIXELS pixels × 4·TILE_VECTORS channels.
// Bound: 2·N·Ho·Wo·O·I·R·S flop.
#include lib/convolution_sizes.wgsl
#include lib/grid.wgsl
#include LEFT
#include RIGHT

const STRIDE: u32 = 1u;
const TILE_PIXELS: u32 = 8u;
const TILE_VECTORS: u32 = 2u;

@group(0) @binding(2) var<uniform> sizes: ConvolutionSizes;
@group(0) @binding(3) var<storage, read_write> inputGradient: array<vec4f>;

// Image, row and column of a pixel of this phase; row or column may lie beyond the image on ragged sizes.
fn position(pixel: u32, phase: vec2u, phaseSize: vec2u) -> vec3u {
  let image = pixel / (phaseSize.x * phaseSize.y);
  let row = pixel / phaseSize.y % phaseSize.x;
  let column = pixel % phaseSize.y;
  return vec3u(image, row * STRIDE + phase.x, column * STRIDE + phase.y);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let phaseSize = (vec2u(sizes.height, sizes.width) + STRIDE - 1u) / STRIDE;
  let pixels = sizes.batch * phaseSize.x * phaseSize.y;
  let pixelTiles = (pixels + TILE_PIXELS - 1u) / TILE_PIXELS;
  let channelTiles = sizes.inputVectors / TILE_VECTORS;
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= channelTiles * pixelTiles) {
    return;
  }
  let phase = vec2u(workgroup.z / STRIDE, workgroup.z % STRIDE);
  let channel = index % channelTiles * TILE_VECTORS;
  let firstPixel = index / channelTiles * TILE_PIXELS;
  #unroll p in 0..TILE_PIXELS {
    let position$p = position(min(firstPixel + $p, pixels - 1u), phase, phaseSize);
    #unroll j in 0..TILE_VECTORS { var sum$p_$j = vec4f(0.0); }
  }
  for (var r = 0u; r < sizes.kernelHeight; r++) {
    for (var s = 0u; s < sizes.kernelWidth; s++) {
      // A multiple of STRIDE is added so that the remainder is taken of a positive number.
      if ((phase.x + sizes.paddingTop + sizes.kernelHeight * sizes.dilation * STRIDE - r * sizes.dilation) % STRIDE != 0u ||
        (phase.y + sizes.paddingLeft + sizes.kernelWidth * sizes.dilation * STRIDE - s * sizes.dilation) % STRIDE != 0u) {
        continue;
      }
      #unroll p in 0..TILE_PIXELS {
        let row$p = i32(position$p.y + sizes.paddingTop) - i32(r * sizes.dilation);
        let column$p = i32(position$p.z + sizes.paddingLeft) - i32(s * sizes.dilation);
        let outputRow$p = u32(max(row$p, 0)) / STRIDE;
        let outputColumn$p = u32(max(column$p, 0)) / STRIDE;
        // With & there is no branch. Four && for each of 8 pixels take Tint and SwiftShader half a minute to compile.
        let inside$p = (row$p >= 0) & (column$p >= 0) &
          (outputRow$p < sizes.outputHeight) & (outputColumn$p < sizes.outputWidth);
        let pixel$p = select(
          0u,
          ((position$p.x * sizes.outputHeight + outputRow$p) * sizes.outputWidth + outputColumn$p) * sizes.outputVectors,
          inside$p,
        );
      }
      let tap = ((r * sizes.kernelWidth + s) * sizes.inputVectors + channel) * 4u * sizes.outputVectors;
      for (var o = 0u; o < sizes.outputVectors; o++) {
        #unroll j in 0..TILE_VECTORS {
          #unroll k in 0..4 { let weight$k_$j = loadRight(tap + $(j * 4 + k) * sizes.outputVectors + o); }
        }
        #unroll p in 0..TILE_PIXELS {
          let value$p = select(vec4f(0.0), loadLeft(pixel$p + o), inside$p);
          #unroll j in 0..TILE_VECTORS {
            sum$p_$j += vec4f(
              dot(value$p, weight0_$j),
              dot(value$p, weight1_$j),
              dot(value$p, weight2_$j),
              dot(value$p, weight3_$j),
            );
          }
        }
      }
    }
  }
  #unroll p in 0..TILE_PIXELS {
    if (firstPixel + $p < pixels && position$p.y < sizes.height && position$p.z < sizes.width) {
      #unroll j in 0..TILE_VECTORS {
        inputGradient[((position$p.x * sizes.height + position$p.y) * sizes.width + position$p.z) * sizes.inputVectors + channel + $j] =
          sum$p_$j;
      }
    }
  }
}
