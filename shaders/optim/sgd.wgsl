// One step of SGD with momentum and weight decay over a flat run of parameters, as PyTorch's SGD:
// g ← clip·g + weightDecay·w;  v ← momentum·v + g;  w ← w − learningRate·v.
// With Nesterov momentum the last is w ← w − learningRate·(g + momentum·v).
// Bindings: 0 w read-write · 1 g read · 2 v read-write · 3 rates of this step read: (learningRate, momentum,
// weightDecay, 0) of each parameter group · 4 clip read. Flat f32, as vec4f.
// With CLIPS, clip[0] is a factor of all gradients. Without it, any buffer is bound and not read.
// Schedule: one invocation per vec4f. Bound: 20 bytes per parameter.
#include lib/grid.wgsl

const VECTORS: u32 = 1u;
const GROUP: u32 = 0u;
const NESTEROV: bool = false;
const CLIPS: bool = false;

@group(0) @binding(0) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(1) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> velocities: array<vec4f>;
@group(0) @binding(3) var<storage, read> rates: array<vec4f>;
@group(0) @binding(4) var<storage, read> clip: array<f32>;

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
  let learningRate = rates[GROUP].x;
  let momentum = rates[GROUP].y;
  let weightDecay = rates[GROUP].z;
  let value = parameters[index];
  var gradient = gradients[index];
  if (CLIPS) { gradient *= clip[0]; }
  gradient += weightDecay * value;
  let velocity = momentum * velocities[index] + gradient;
  var step = velocity;
  if (NESTEROV) {
    step = gradient + momentum * velocity;
  }
  velocities[index] = velocity;
  parameters[index] = value - learningRate * step;
}
