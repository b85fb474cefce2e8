// 2-D convolution, with an optional epilogue:
// y[n,o,i,j] = f(scale[o] · sum + shift[o] + residual[n,o,i,j]), where
// sum = Σ_{c,r,s} x[n,c, i·stride + r·dilation − padding, j·stride + s·dilation − padding] · w[o,c,r,s].
// It is a matrix product: [pixels, taps · inputs] · [taps · inputs, outputs]. The first matrix is never stored: its
// elements are read from x where they are needed.
// Bindings: 0 left = x [N,H,W,I] read · 1 right = w [R,S,I,O] read · 2 sizes (ConvolutionSizes)
// · 3 epilogue, 4 residual read (lib/epilogue.wgsl) · 5 y [N,Ho,Wo,O] write.
// All as vec4f over the last axis, channels padded to 4.
// Schedule: one invocation computes TILE_PIXELS pixels × 4·TILE_VECTORS output channels. Their sums stay in registers.
// Invocations share nothing, so there are no barriers.
// Bound: 2·N·Ho·Wo·O·I·R·S flop. On software adapters the loads bound it: TILE_PIXELS + 4·TILE_VECTORS loads feed
// 4·TILE_PIXELS·TILE_VECTORS multiply-adds of vec4f.
#include lib/convolution_sizes.wgsl
#include lib/epilogue.wgsl
#include lib/grid.wgsl
#include LEFT
#include RIGHT

const TILE_PIXELS: u32 = 8u;
const TILE_VECTORS: u32 = 2u;

@group(0) @binding(2) var<uniform> sizes: ConvolutionSizes;
@group(0) @binding(3) var<storage, read> epilogue: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;

// The image, and the row and column of the first tap in x. In the padding they are negative: u32 wraps to a large
// number, which `inside` rejects.
fn origin(pixel: u32) -> vec3u {
  let image = pixel / (sizes.outputHeight * sizes.outputWidth);
  let row = pixel / sizes.outputWidth % sizes.outputHeight;
  let column = pixel % sizes.outputWidth;
  return vec3u(image, row * sizes.stride - sizes.paddingTop, column * sizes.stride - sizes.paddingLeft);
}

fn inside(row: u32, column: u32) -> bool {
  return row < sizes.height && column < sizes.width;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let pixels = sizes.batch * sizes.outputHeight * sizes.outputWidth;
  let pixelTiles = (pixels + TILE_PIXELS - 1u) / TILE_PIXELS;
  let channelTiles = sizes.outputVectors / TILE_VECTORS;
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= channelTiles * pixelTiles) {
    return;
  }
  let channel = index % channelTiles * TILE_VECTORS;
  let firstPixel = index / channelTiles * TILE_PIXELS;
  #unroll p in 0..TILE_PIXELS {
    let origin$p = origin(min(firstPixel + $p, pixels - 1u));
    #unroll j in 0..TILE_VECTORS { var sum$p_$j = vec4f(0.0); }
  }
  for (var r = 0u; r < sizes.kernelHeight; r++) {
    for (var s = 0u; s < sizes.kernelWidth; s++) {
      #unroll p in 0..TILE_PIXELS {
        let row$p = origin$p.y + r * sizes.dilation;
        let column$p = origin$p.z + s * sizes.dilation;
        let inside$p = inside(row$p, column$p);
        let pixel$p = select(
          0u,
          ((origin$p.x * sizes.height + row$p) * sizes.width + column$p) * sizes.inputVectors,
          inside$p,
        );
      }
      var tap = (r * sizes.kernelWidth + s) * sizes.inputVectors * 4u * sizes.outputVectors + channel;
      for (var i = 0u; i < sizes.inputVectors; i++) {
        #unroll j in 0..TILE_VECTORS {
          #unroll k in 0..4 { let weight$k_$j = loadRight(tap + $k * sizes.outputVectors + $j); }
        }
        #unroll p in 0..TILE_PIXELS {
          let value$p = select(vec4f(0.0), loadLeft(pixel$p + i), inside$p);
          #unroll j in 0..TILE_VECTORS {
            #unroll k in 0..4 { sum$p_$j = fma(vec4f(value$p[$k]), weight$k_$j, sum$p_$j); }
          }
        }
        tap += 4u * sizes.outputVectors;
      }
    }
  }
  #unroll j in 0..TILE_VECTORS {
    let scale$j = epilogueScale(channel + $j);
    let shift$j = epilogueShift(channel + $j, sizes.outputVectors);
  }
  #unroll p in 0..TILE_PIXELS {
    if (firstPixel + $p < pixels) {
      #unroll j in 0..TILE_VECTORS {
        let place$p_$j = (firstPixel + $p) * sizes.outputVectors + channel + $j;
        y[place$p_$j] = finish(sum$p_$j, scale$j, shift$j, place$p_$j);
      }
    }
  }
}
