// Gradient at the sums v of a convolution whose epilogue is y = f(scale · v + shift + residual), with scale and shift
// that are constants: dv = scale · dy · f'(…). The activation's output y is read in the place of its input, on whose
// side of a kink it lies; without an activation it is not read.
// Bindings: 0 dy [P,C] · 1 y [P,C] read (without activation any buffer) · 2 scale and shift [2,C] read · 3 sizes
// (PixelSizes) · 4 dv [P,C] write, as vec4f.
// Schedule: one invocation takes one vec4f of channels of 8 neighbouring pixels. Bound: 12 bytes per element, 8 without
// an activation.
#include lib/activation.wgsl
#include lib/grid.wgsl
#include lib/pixel_sizes.wgsl

const ACTIVATION: u32 = 0u;
const NEGATIVE_SLOPE: f32 = 0.0f;

@group(0) @binding(0) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(1) var<storage, read> result: array<vec4f>;
@group(0) @binding(2) var<storage, read> scaleAndShift: array<vec4f>;
@group(0) @binding(3) var<uniform> sizes: PixelSizes;
@group(0) @binding(4) var<storage, read_write> sumGradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  let vector = index % sizes.vectors;
  let firstPixel = index / sizes.vectors * 8u;
  if (firstPixel >= sizes.pixels) {
    return;
  }
  let first = firstPixel * sizes.vectors + vector;
  let scale = scaleAndShift[vector];
  #unroll p in 0..8 {
    if (firstPixel + $p < sizes.pixels) {
      let place$p = first + $p * sizes.vectors;
      var gradient$p = outputGradient[place$p];
      if (ACTIVATION != 0u) {
        gradient$p = activationGrad(gradient$p, result[place$p], ACTIVATION, NEGATIVE_SLOPE);
      }
      sumGradient[place$p] = scale * gradient$p;
    }
  }
}
