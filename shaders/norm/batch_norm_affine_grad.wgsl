// Gradients of a batch norm with activation at β and γ: Σ dz and Σ dz·x̂ over batch and pixels, with
// x̂ = (x − μ)/√(σ² + ε) and dz = dy · f'(γ·x̂ + β).
// Bindings: 0 dy · 1 x [PIXELS, VECTORS] read · 2 γ · 3 β · 4 μ · 5 σ² [VECTORS] read ·
// 6 partial [SPLITS, 2, VECTORS] write (dβ, dγ), as vec4f.
// Schedule: pixels are cut into SPLITS runs (added afterwards in fixed order); an invocation sums one vec4f of channels
// over one run. Bound: 8 bytes per element.
#include lib/activation.wgsl
#include lib/grid.wgsl

const PIXELS: u32 = 1u;
const VECTORS: u32 = 1u;
const SPLITS: u32 = 1u;
const VARIANCE_START: u32 = 0u;
const EPSILON: f32 = 0.00001f;
const ACTIVATION: u32 = 0u;
const NEGATIVE_SLOPE: f32 = 0.0f;

const PIXELS_PER_SPLIT = (PIXELS + SPLITS - 1u) / SPLITS;

@group(0) @binding(0) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;
@group(0) @binding(4) var<storage, read> mean: array<vec4f>;
@group(0) @binding(5) var<storage, read> variance: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> partial: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= SPLITS * VECTORS) {
    return;
  }
  let vector = index % VECTORS;
  let split = index / VECTORS;
  let center = mean[vector];
  let reciprocalDeviation = 1.0 / sqrt(variance[VARIANCE_START + vector] + EPSILON);
  let scale = gamma[vector];
  let shift = beta[vector];
  let firstPixel = split * PIXELS_PER_SPLIT;
  let end = min(firstPixel + PIXELS_PER_SPLIT, PIXELS) * VECTORS + vector;
  var gradientSum = vec4f(0.0);
  var productSum = vec4f(0.0);
  for (var at = firstPixel * VECTORS + vector; at < end; at += VECTORS) {
    let normalized = (x[at] - center) * reciprocalDeviation;
    let gradient = activationGrad(outputGradient[at], fma(normalized, scale, shift), ACTIVATION, NEGATIVE_SLOPE);
    gradientSum += gradient;
    productSum = fma(gradient, normalized, productSum);
  }
  partial[split * 2u * VECTORS + vector] = gradientSum;
  partial[(split * 2u + 1u) * VECTORS + vector] = productSum;
}
