// Sum of two tensors in the memory of the first: y = y + b.
// Bindings: 0 b read · 1 y read and write; both of one shape and layout, as vec4f.
// Schedule: one invocation per vec4f. Bound: 12 bytes per element.
#include lib/grid.wgsl

const VECTORS: u32 = 1u;

@group(0) @binding(0) var<storage, read> b: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index < VECTORS) {
    y[index] += b[index];
  }
}
