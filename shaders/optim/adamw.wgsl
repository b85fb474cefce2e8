// One step of AdamW over a flat run of parameters, as PyTorch's AdamW:
// w ← w·(1 − learningRate·weightDecay);  m ← m + (1−β₁)(g − m);  v ← v + (1−β₂)(g² − v);
// w ← w − learningRate·(m / (1−β₁ᵗ)) / (√(v / (1−β₂ᵗ)) + ε).
// Bindings: 0 w read-write · 1 g read · 2 m read-write · 3 v read-write · 4 rates of this step read: for each group two
// vec4f, (learningRate, weightDecay, 1−β₁, 1−β₂) and (1−β₁ᵗ, 1−β₂ᵗ, ε, 0) · 5 clip read. Flat f32, as vec4f.
// With CLIPS, clip[0] is a factor of all gradients. Without it, any buffer is bound and not read.
// The host computes 1 − β in float64: in f32, 1 − 0.999 has a relative error of 5e-5.
// Schedule: one invocation per vec4f. Bound: 28 bytes per parameter.
#include lib/grid.wgsl

const VECTORS: u32 = 1u;
const GROUP: u32 = 0u;
const CLIPS: bool = false;

@group(0) @binding(0) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(1) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> means: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> squares: array<vec4f>;
@group(0) @binding(4) var<storage, read> rates: array<vec4f>;
@group(0) @binding(5) var<storage, read> clip: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= VECTORS) {
    return;
  }
  let rate = rates[GROUP * 2u];
  let correction = rates[GROUP * 2u + 1u];
  var gradient = gradients[index];
  if (CLIPS) { gradient *= clip[0]; }
  let mean = means[index] + rate.z * (gradient - means[index]);
  let square = squares[index] + rate.w * (gradient * gradient - squares[index]);
  let step = (mean / correction.x) / (sqrt(square / correction.y) + vec4f(correction.z));
  means[index] = mean;
  squares[index] = square;
  parameters[index] = parameters[index] * (1.0 - rate.x * rate.y) - rate.x * step;
}
