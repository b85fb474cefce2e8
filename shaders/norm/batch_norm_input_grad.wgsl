// Input gradient of a batch norm with activation f. With r = 1/√(σ² + ε), x̂ = (x − μ)·r and dz = dy · f'(γ·x̂ + β):
// - frozen statistics: dx = γ·r·dz;
// - batch statistics (TRAINING): dx = γ·r·(dz − Σdz/M − x̂·Σ(dz·x̂)/M), where M is the number of pixels of the batch.
// Bindings: 0 x [P,C] read · 1 γ · 2 β · 3 μ · 4 σ² [C] read · 5 sums [2,C] read (Σdz, Σ(dz·x̂); without TRAINING any
// buffer, not read) · 6 sizes (PixelSizes) · 7 dx [P,C] write · 8 dy [P,C] read (lib/gradient_apart.wgsl), or none
// where dx holds dy before (lib/gradient_in_place.wgsl), as vec4f.
// Schedule: one invocation takes one vec4f of channels of 8 neighbouring pixels. Bound: 12 bytes per element.
#include lib/activation.wgsl
#include lib/grid.wgsl
#include lib/pixel_sizes.wgsl

const EPSILON: f32 = 0.00001f;
const TRAINING: bool = false;
const ACTIVATION: u32 = 0u;
const NEGATIVE_SLOPE: f32 = 0.0f;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(2) var<storage, read> beta: array<vec4f>;
@group(0) @binding(3) var<storage, read> mean: array<vec4f>;
@group(0) @binding(4) var<storage, read> variance: array<vec4f>;
@group(0) @binding(5) var<storage, read> sums: array<vec4f>;
@group(0) @binding(6) var<uniform> sizes: PixelSizes;
@group(0) @binding(7) var<storage, read_write> inputGradient: array<vec4f>;
#include lib/gradient_apart.wgsl

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
  let factor = scale * reciprocalDeviation;
  var meanGradient = vec4f(0.0);
  var meanProduct = vec4f(0.0);
  if (TRAINING) {
    meanGradient = sums[vector] / f32(sizes.batchPixels);
    meanProduct = sums[sizes.vectors + vector] / f32(sizes.batchPixels);
  }
  #unroll p in 0..8 {
    if (firstPixel + $p < sizes.pixels) {
      let normalized = (x[first + $p * sizes.vectors] - center) * reciprocalDeviation;
      var gradient = activationGrad(
        outputGradientAt(first + $p * sizes.vectors),
        fma(normalized, scale, shift),
        ACTIVATION,
        NEGATIVE_SLOPE,
      );
      if (TRAINING) {
        gradient -= meanGradient + normalized * meanProduct;
      }
      inputGradient[first + $p * sizes.vectors] = factor * gradient;
    }
  }
}
