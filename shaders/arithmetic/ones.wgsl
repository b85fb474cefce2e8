// Ones: y = 1.
// Bindings: 0 y write, f32.
// Schedule: one invocation per element. Bound: 4 bytes per element.
#include lib/grid.wgsl

const ELEMENTS: u32 = 1u;

@group(0) @binding(0) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index < ELEMENTS) {
    y[index] = 1.0;
  }
}
