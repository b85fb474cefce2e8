// Batch norm with given statistics, plus a residual r, then an activation f: y = f(γ·(x − μ)/√(σ² + ε) + β + r), per
// channel.
// Bindings: 0 γ · 1 β · 2 μ · 3 σ² [C] read · 4 r [P,C] read · 5 sizes (PixelSizes) · 6 y [P,C] write · 7 x [P,C] read
// (lib/input_apart.wgsl), or none where y holds x before (lib/input_in_place.wgsl), as vec4f. μ and σ² may be rows of
// one tensor, in which σ² starts at varianceStart. Where there is no residual, any buffer is bound for r and not read.
// Schedule: one invocation takes one vec4f of channels of 8 neighbouring pixels. Bound: 8 bytes per element, 12 with a
// residual.
#include lib/activation.wgsl
#include lib/grid.wgsl
#include lib/pixel_sizes.wgsl

const EPSILON: f32 = 0.00001f;
const HAS_RESIDUAL: bool = false;
const ACTIVATION: u32 = 0u;
const NEGATIVE_SLOPE: f32 = 0.0f;

@group(0) @binding(0) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(1) var<storage, read> beta: array<vec4f>;
@group(0) @binding(2) var<storage, read> mean: array<vec4f>;
@group(0) @binding(3) var<storage, read> variance: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;
@group(0) @binding(5) var<uniform> sizes: PixelSizes;
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;
#include lib/input_apart.wgsl

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
  let center = mean[vector];
  let reciprocalDeviation = 1.0 / sqrt(variance[sizes.varianceStart + vector] + EPSILON);
  let scale = gamma[vector];
  let shift = beta[vector];
  #unroll p in 0..8 {
    if (firstPixel + $p < sizes.pixels) {
      let normalized = (inputAt(first + $p * sizes.vectors) - center) * reciprocalDeviation;
      var sum$p = fma(normalized, scale, shift);
      if (HAS_RESIDUAL) { sum$p += residual[first + $p * sizes.vectors]; }
      y[first + $p * sizes.vectors] = activate(sum$p, ACTIVATION, NEGATIVE_SLOPE);
    }
  }
}
