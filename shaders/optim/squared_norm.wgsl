// Sums of squares of a flat run of gradients, in parts: partial[FIRST + i] = Σ_j |g[i + j·INVOCATIONS]|².
// Bindings: 0 g [VECTORS] read, as vec4f · 1 partial write, f32.
// Schedule: one invocation per part. At each step neighbouring invocations read neighbouring vec4f. Bound: 4 bytes per
// parameter.
#include lib/grid.wgsl

const VECTORS: u32 = 1u;
const INVOCATIONS: u32 = 1u;
const FIRST: u32 = 0u;

@group(0) @binding(0) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= INVOCATIONS) {
    return;
  }
  var sum = vec4f(0.0);
  for (var at = index; at < VECTORS; at += INVOCATIONS) {
    sum = fma(gradients[at], gradients[at], sum);
  }
  partial[FIRST + index] = sum.x + sum.y + sum.z + sum.w;
}
