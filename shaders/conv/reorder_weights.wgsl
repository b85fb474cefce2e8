// Copies weights with their axes in another order, [A,B,C], so that a product can take them as matrices.
// Or a block of them: what begins at element `first`.
// Bindings: 0 w [R·S,I,O] read, f32 · 1 sizes · 2 reordered [A,B,C] write, as vec4f over the last axis.
// Schedule: one invocation per vec4f of the result. Bound: bytes, 8 per element.
#include lib/grid.wgsl

struct Sizes {
  a: u32,
  b: u32,
  // The length of C in vec4f.
  vectors: u32,
  // Distance in w, in elements, between neighbours along each axis of the result.
  stepA: u32,
  stepB: u32,
  stepC: u32,
  first: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<f32>;
@group(0) @binding(1) var<uniform> sizes: Sizes;
@group(0) @binding(2) var<storage, read_write> reordered: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= sizes.a * sizes.b * sizes.vectors) {
    return;
  }
  let a = index / (sizes.vectors * sizes.b);
  let b = index / sizes.vectors % sizes.b;
  let first = sizes.first + a * sizes.stepA + b * sizes.stepB + 4u * (index % sizes.vectors) * sizes.stepC;
  reordered[index] = vec4f(
    weights[first],
    weights[first + sizes.stepC],
    weights[first + 2u * sizes.stepC],
    weights[first + 3u * sizes.stepC],
  );
}
