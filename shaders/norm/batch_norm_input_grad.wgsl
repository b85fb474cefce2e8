// Input gradient of a batch norm with activation. With x̂ = (x − μ)·r, r = 1/√(σ² + ε), dz = dy · f'(γ·x̂ + β):
// frozen statistics: dx = γ·r·dz; batch statistics (TRAINING): dx = γ·r·(dz − Σdz/M − x̂·Σ(dz·x̂)/M), M = PIXELS.
// Bindings: 0 dy · 1 x [PIXELS, VECTORS] read · 2 γ · 3 β · 4 μ · 5 σ² [VECTORS] read · 6 sums [2, VECTORS] read
// (Σdz, Σ(dz·x̂); any buffer when not TRAINING) · 7 dx [PIXELS, VECTORS] write, as vec4f.
// Schedule: one invocation takes one vec4f of channels of 8 neighbouring pixels. Bound: 12 bytes per element.
#include lib/activation.wgsl
#include lib/grid.wgsl

const PIXELS: u32 = 1u;
const VECTORS: u32 = 1u;
const VARIANCE_START: u32 = 0u;
const EPSILON: f32 = 0.00001f;
const TRAINING: bool = false;
const ACTIVATION: u32 = 0u;
const NEGATIVE_SLOPE: f32 = 0.0f;

@group(0) @binding(0) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;
@group(0) @binding(4) var<storage, read> mean: array<vec4f>;
@group(0) @binding(5) var<storage, read> variance: array<vec4f>;
@group(0) @binding(6) var<storage, read> sums: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> inputGradient: array<vec4f>;

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
  let factor = scale * reciprocalDeviation;
  var meanGradient = vec4f(0.0);
  var meanProduct = vec4f(0.0);
  if (TRAINING) {
    meanGradient = sums[vector] / f32(PIXELS);
    meanProduct = sums[VECTORS + vector] / f32(PIXELS);
  }
  #unroll p in 0..8 {
    if (firstPixel + $p < PIXELS) {
      let normalized = (x[first + $p * VECTORS] - center) * reciprocalDeviation;
      var gradient = activationGrad(
        outputGradient[first + $p * VECTORS],
        fma(normalized, scale, shift),
        ACTIVATION,
        NEGATIVE_SLOPE,
      );
      if (TRAINING) {
        gradient -= meanGradient + normalized * meanProduct;
      }
      inputGradient[first + $p * VECTORS] = factor * gradient;
    }
  }
}
