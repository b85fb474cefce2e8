// Input gradient of a 2-D convolution: dx[n,c,y,x] = Σ_{o,r,s} dy[n,o,(y + P − r·D)/S,(x + P − s·D)/S] · w[o,c,r,s],
// over the taps whose position divides by the stride S.
// Bindings: 0 left = dy [N,Ho,Wo,O] read · 1 right = w [R,S,I,O] read · 2 dx [N,H,W,I] write. vec4f over the last axis, padded to 4.
// Schedule: input pixels are taken by phase (y mod S, x mod S; z of the grid), so that all pixels of a tile use the
// same taps and no multiplication is wasted; an invocation computes TILE_PIXELS pixels × 4·TILE_VECTORS channels.
// Bound: 2·N·Ho·Wo·O·I·R·S flop.
#include lib/convolution_geometry.wgsl
#include lib/grid.wgsl
#include LEFT
#include RIGHT

const INPUT_VECTORS: u32 = 1u;
const OUTPUT_VECTORS: u32 = 1u;
const TILE_PIXELS: u32 = 8u;
const TILE_VECTORS: u32 = 2u;
const HAS_PADDING: bool = true;

const PHASE_HEIGHT = (HEIGHT + STRIDE - 1u) / STRIDE;
const PHASE_WIDTH = (WIDTH + STRIDE - 1u) / STRIDE;
const PIXELS = BATCH * PHASE_HEIGHT * PHASE_WIDTH;
const CHANNEL_TILES = INPUT_VECTORS / TILE_VECTORS;
const PIXEL_TILES = (PIXELS + TILE_PIXELS - 1u) / TILE_PIXELS;

@group(0) @binding(2) var<storage, read_write> inputGradient: array<vec4f>;

// Image, row and column of a pixel of this phase; row or column may lie beyond the image on ragged sizes.
fn position(pixel: u32, phase: vec2u) -> vec3u {
  let clamped = min(pixel, PIXELS - 1u);
  let image = clamped / (PHASE_HEIGHT * PHASE_WIDTH);
  let row = clamped / PHASE_WIDTH % PHASE_HEIGHT;
  let column = clamped % PHASE_WIDTH;
  return vec3u(image, row * STRIDE + phase.x, column * STRIDE + phase.y);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= CHANNEL_TILES * PIXEL_TILES) {
    return;
  }
  let phase = vec2u(workgroup.z / STRIDE, workgroup.z % STRIDE);
  let channel = index % CHANNEL_TILES * TILE_VECTORS;
  let firstPixel = index / CHANNEL_TILES * TILE_PIXELS;
  #unroll p in 0..TILE_PIXELS {
    let position$p = position(firstPixel + $p, phase);
    #unroll j in 0..TILE_VECTORS { var sum$p_$j = vec4f(0.0); }
  }
  for (var r = 0u; r < KERNEL_HEIGHT; r++) {
    for (var s = 0u; s < KERNEL_WIDTH; s++) {
      // HEIGHT·STRIDE is added so that the remainder is taken of a positive number.
      if ((phase.x + PADDING_TOP + KERNEL_HEIGHT * DILATION * STRIDE - r * DILATION) % STRIDE != 0u ||
        (phase.y + PADDING_LEFT + KERNEL_WIDTH * DILATION * STRIDE - s * DILATION) % STRIDE != 0u) {
        continue;
      }
      #unroll p in 0..TILE_PIXELS {
        let row$p = i32(position$p.y + PADDING_TOP) - i32(r * DILATION);
        let column$p = i32(position$p.z + PADDING_LEFT) - i32(s * DILATION);
        let outputRow$p = u32(max(row$p, 0)) / STRIDE;
        let outputColumn$p = u32(max(column$p, 0)) / STRIDE;
        let inside$p = !HAS_PADDING ||
          (row$p >= 0 && column$p >= 0 && outputRow$p < OUTPUT_HEIGHT && outputColumn$p < OUTPUT_WIDTH);
        let pixel$p = select(
          0u,
          ((position$p.x * OUTPUT_HEIGHT + outputRow$p) * OUTPUT_WIDTH + outputColumn$p) * OUTPUT_VECTORS,
          inside$p,
        );
        let mask$p = select(0.0, 1.0, inside$p);
      }
      let tap = ((r * KERNEL_WIDTH + s) * INPUT_VECTORS + channel) * 4u * OUTPUT_VECTORS;
      for (var o = 0u; o < OUTPUT_VECTORS; o++) {
        #unroll j in 0..TILE_VECTORS {
          #unroll k in 0..4 { let weight$k_$j = loadRight(tap + $(j * 4 + k) * OUTPUT_VECTORS + o); }
        }
        #unroll p in 0..TILE_PIXELS {
          var value$p = loadLeft(pixel$p + o);
          if (HAS_PADDING) { value$p *= mask$p; }
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
    if (firstPixel + $p < PIXELS && position$p.y < HEIGHT && position$p.z < WIDTH) {
      #unroll j in 0..TILE_VECTORS {
        inputGradient[((position$p.x * HEIGHT + position$p.y) * WIDTH + position$p.z) * INPUT_VECTORS + channel + $j] =
          sum$p_$j;
      }
    }
  }
}
