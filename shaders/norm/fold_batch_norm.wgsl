// Batch norm with frozen statistics as scale and shift: scale = γ/√(σ² + ε), shift = β + (b − μ)·scale.
// Bindings: 0 γ · 1 β · 2 μ · 3 σ² · 4 b, unread without HAS_BIAS, [VECTORS] read · 5 folded [2, VECTORS] write, as
// vec4f.
// Schedule: one invocation per vec4f of channels. Bound: nothing, the tensors are tiny.
#include lib/grid.wgsl

const VECTORS: u32 = 1u;
const EPSILON: f32 = 0.00001f;
const HAS_BIAS: bool = false;

@group(0) @binding(0) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(1) var<storage, read> beta: array<vec4f>;
@group(0) @binding(2) var<storage, read> mean: array<vec4f>;
@group(0) @binding(3) var<storage, read> variance: array<vec4f>;
@group(0) @binding(4) var<storage, read> bias: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> folded: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let vector = gridIndex(workgroup, workgroups, local, 64u);
  if (vector >= VECTORS) {
    return;
  }
  let scale = gamma[vector] / sqrt(variance[vector] + EPSILON);
  folded[vector] = scale;
  var center = mean[vector];
  if (HAS_BIAS) {
    center -= bias[vector];
  }
  folded[VECTORS + vector] = beta[vector] - center * scale;
}
