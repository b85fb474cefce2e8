// Gradient of the Lovász-softmax at the logits: what lovasz_slopes.wgsl found, times the gradient g at the loss.
// Bindings: 0 slopes [VECTORS] vec4f read · 1 g [1] read · 2 dx [VECTORS] vec4f write. Schedule: one invocation per
// vec4f.
// Bound: bytes.
#include lib/grid.wgsl

const VECTORS: u32 = 1u;

@group(0) @binding(0) var<storage, read> slopes: array<vec4f>;
@group(0) @binding(1) var<storage, read> outputGradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index < VECTORS) {
    gradient[index] = outputGradient[0] * slopes[index];
  }
}
