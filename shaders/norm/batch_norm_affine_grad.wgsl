// Gradients of a batch norm with activation f at its β and γ: dβ = Σ dz and dγ = Σ dz·x̂ over batch and pixels, where
// x̂ = (x − μ)/√(σ² + ε) and dz = dy · f'(γ·x̂ + β).
// Bindings: 0 dy · 1 x [P,C] read · 2 γ · 3 β · 4 μ · 5 σ² [C] read · 6 sizes (PixelSizes)
// · 7 partial [splits,2,C] write (dβ, dγ), as vec4f.
// Schedule: the pixels are cut into as many runs as splits. One invocation sums one vec4f of channels over one run. A
// second launch adds the runs in fixed order. Bound: 8 bytes per element.
#include lib/activation.wgsl
#include lib/grid.wgsl
#include lib/pixel_sizes.wgsl

const EPSILON: f32 = 0.00001f;
const ACTIVATION: u32 = 0u;
const NEGATIVE_SLOPE: f32 = 0.0f;

@group(0) @binding(0) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;
@group(0) @binding(4) var<storage, read> mean: array<vec4f>;
@group(0) @binding(5) var<storage, read> variance: array<vec4f>;
@group(0) @binding(6) var<uniform> sizes: PixelSizes;
@group(0) @binding(7) var<storage, read_write> partial: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= sizes.splits * sizes.vectors) {
    return;
  }
  let vector = index % sizes.vectors;
  let split = index / sizes.vectors;
  let center = mean[vector];
  let reciprocalDeviation = 1.0 / sqrt(variance[sizes.varianceStart + vector] + EPSILON);
  let scale = gamma[vector];
  let shift = beta[vector];
  let firstPixel = split * sizes.pixelsPerSplit;
  let end = min(firstPixel + sizes.pixelsPerSplit, sizes.pixels) * sizes.vectors + vector;
  var gradientSum = vec4f(0.0);
  var productSum = vec4f(0.0);
  for (var at = firstPixel * sizes.vectors + vector; at < end; at += sizes.vectors) {
    let normalized = (x[at] - center) * reciprocalDeviation;
    let gradient = activationGrad(outputGradient[at], fma(normalized, scale, shift), ACTIVATION, NEGATIVE_SLOPE);
    gradientSum += gradient;
    productSum = fma(gradient, normalized, productSum);
  }
  partial[split * 2u * sizes.vectors + vector] = gradientSum;
  partial[(split * 2u + 1u) * sizes.vectors + vector] = productSum;
}
