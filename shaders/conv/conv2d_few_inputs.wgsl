// 2-D convolution of at most four input channels, with an optional epilogue, for software adapters:
// y[n,o,i,j] = f(scale[o] · sum + shift[o] + residual[n,o,i,j]), where
// sum = Σ_{c,r,s} x[n,c, i·stride + r·dilation − padding, j·stride + s·dilation − padding] · w[o,c,r,s].
// Bindings: 0 x [N,H,W,4] read · 1 w [R,S,4,O] uniform · 2 epilogue, 3 residual read (lib/epilogue.wgsl)
// · 4 y [N,Ho,Wo,O] write. All as vec4f over the last axis, channels padded to 4.
// Schedule: one invocation computes all output channels of TILE_PIXELS neighbouring pixels of a row. It loads each
// input pixel once. The sums of one channel stay in registers over all taps.
// Weights are read from a uniform buffer at constant indices. Mesa's driver loads such a weight once for all lanes, but
// only where no lane can be inactive. So there is no early return, and only the stores stand in branches. Each number
// has a name of its own instead of being a component of a vector. naga's time grows with the square of the expressions
// in a function, and a component of a vector is several expressions.
// Bound: 2·N·Ho·Wo·O·I·R·S flop, and the bytes of y.
#include lib/convolution_geometry.wgsl
#include lib/epilogue.wgsl
#include lib/grid.wgsl

const INPUTS: u32 = 3u;
const OUTPUT_VECTORS: u32 = 1u;
const TILE_PIXELS: u32 = 2u;

// Columns of the input under a tile.
const SPAN: u32 = 5u;

const COLUMN_TILES = (OUTPUT_WIDTH + TILE_PIXELS - 1u) / TILE_PIXELS;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<uniform> weights: array<vec4f, KERNEL_HEIGHT * KERNEL_WIDTH * 4u * OUTPUT_VECTORS>;
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
  let outputRow = index / COLUMN_TILES;
  let firstPixel = index % COLUMN_TILES * TILE_PIXELS;
  let image = outputRow / OUTPUT_HEIGHT;
  // In the padding these are negative. u32 wraps to a large number, which counts as outside.
  let firstRow = outputRow % OUTPUT_HEIGHT * STRIDE - PADDING_TOP;
  let firstColumn = firstPixel * STRIDE - PADDING_LEFT;
  #unroll r in 0..KERNEL_HEIGHT {
    let row$r = firstRow + $r * DILATION;
    let start$r = (image * HEIGHT + row$r) * WIDTH;
    #unroll t in 0..SPAN {
      let column$r_$t = firstColumn + $(t + 0)u;
      let inside$r_$t = image < BATCH && row$r < HEIGHT && column$r_$t < WIDTH;
      let vector$r_$t = select(vec4f(0.0), x[select(0u, start$r + column$r_$t, inside$r_$t)], inside$r_$t);
      #unroll c in 0..INPUTS { let value$r_$t_$c = vector$r_$t[$c]; }
    }
  }
  #unroll j in 0..OUTPUT_VECTORS {
    #unroll k in 0..4 {
      #unroll p in 0..TILE_PIXELS { var sum$j_$k_$p = 0.0; }
      #unroll r in 0..KERNEL_HEIGHT {
        #unroll s in 0..KERNEL_WIDTH {
          #unroll c in 0..INPUTS {
            let weight$j_$k_$r_$s_$c =
              weights[$(r * KERNEL_WIDTH * 4 * OUTPUT_VECTORS + s * 4 * OUTPUT_VECTORS + c * OUTPUT_VECTORS + j)][$k];
            #unroll p in 0..TILE_PIXELS {
              sum$j_$k_$p = fma(value$r_$(p * STRIDE + s * DILATION)_$c, weight$j_$k_$r_$s_$c, sum$j_$k_$p);
            }
          }
        }
      }
    }
    let scale$j = epilogueScale($j);
    let shift$j = epilogueShift($j, OUTPUT_VECTORS);
    #unroll p in 0..TILE_PIXELS {
      if (image < BATCH && firstPixel + $p < OUTPUT_WIDTH) {
        let sum$j_$p = vec4f(sum$j_0_$p, sum$j_1_$p, sum$j_2_$p, sum$j_3_$p);
        let place$j_$p = (outputRow * OUTPUT_WIDTH + firstPixel + $p) * OUTPUT_VECTORS + $j;
        y[place$j_$p] = finish(sum$j_$p, scale$j, shift$j, place$j_$p);
      }
    }
  }
}
