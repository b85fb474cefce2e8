// Sets counts to 0. Bindings: 0 counts [VECTORS] vec4u write. Schedule: one invocation per vec4u. Bound: 16 bytes each.
#include lib/grid.wgsl

const VECTORS: u32 = 1u;

@group(0) @binding(0) var<storage, read_write> counts: array<vec4u>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index < VECTORS) {
    counts[index] = vec4u(0u);
  }
}
