// One row of a matrix: y[i] = x[INDEX, i].
// Bindings: 0 x [rows, vectors] read · 1 y [vectors] write, as vec4f; y is as long as a row.
// Schedule: one invocation per vec4f. Bound: 8 bytes per element.
#include lib/grid.wgsl

const INDEX: u32 = 0u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let vector = gridIndex(workgroup, workgroups, local, 64u);
  let vectors = arrayLength(&y);
  if (vector < vectors) {
    y[vector] = x[INDEX * vectors + vector];
  }
}
