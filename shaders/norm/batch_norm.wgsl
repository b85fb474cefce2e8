// Batch norm with given statistics, plus a residual, then an activation: y = f(γ·(x − μ)/√(σ² + ε) + β + r), per channel.
// Bindings: 0 x [PIXELS, VECTORS] read · 1 γ · 2 β · 3 μ · 4 σ² [VECTORS] read · 5 r · 6 y [PIXELS, VECTORS], read and write, as
// vec4f. μ and σ² may be rows of one tensor: σ² starts at VARIANCE_START. Without a residual, r is any buffer and not read.
// Schedule: one invocation takes one vec4f of channels of 8 neighbouring pixels. Bound: 8 bytes per element, 12 with a residual.
#include lib/activation.wgsl
#include lib/grid.wgsl

const PIXELS: u32 = 1u;
const VECTORS: u32 = 1u;
const VARIANCE_START: u32 = 0u;
const EPSILON: f32 = 0.00001f;
const HAS_RESIDUAL: bool = false;
const ACTIVATION: u32 = 0u;
const NEGATIVE_SLOPE: f32 = 0.0f;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(2) var<storage, read> beta: array<vec4f>;
@group(0) @binding(3) var<storage, read> mean: array<vec4f>;
@group(0) @binding(4) var<storage, read> variance: array<vec4f>;
@group(0) @binding(5) var<storage, read> residual: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  let vector = index % VECTORS;
  let firstPixel = index / VECTORS * 8u;
  if (firstPixel >= PIXELS) {
    return;
  }
  let first = firstPixel * VECTORS + vector;
  let center = mean[vector];
  let reciprocalDeviation = 1.0 / sqrt(variance[VARIANCE_START + vector] + EPSILON);
  let scale = gamma[vector];
  let shift = beta[vector];
  #unroll p in 0..8 {
    if (firstPixel + $p < PIXELS) {
      let normalized = (x[first + $p * VECTORS] - center) * reciprocalDeviation;
      var sum$p = fma(normalized, scale, shift);
      if (HAS_RESIDUAL) { sum$p += residual[first + $p * VECTORS]; }
      y[first + $p * VECTORS] = activate(sum$p, ACTIVATION, NEGATIVE_SLOPE);
    }
  }
}
