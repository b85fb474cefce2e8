// Weights with their channels exchanged, as input gradients meet them: byOutput[(r,s),o,c] = w[(r,s),c,o].
// Bindings: 0 w [R·S,I,O] read · 1 sizes (R·S, O, I/4) · 2 byOutput [R·S,O,I] write, as vec4f over the last axis.
// Schedule: one invocation per vec4f of the result. Bound: bytes, 8 per element.
#include lib/grid.wgsl

struct Sizes {
  taps: u32,
  outputs: u32,
  inputVectors: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<f32>;
@group(0) @binding(1) var<uniform> sizes: Sizes;
@group(0) @binding(2) var<storage, read_write> byOutput: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= sizes.taps * sizes.outputs * sizes.inputVectors) {
    return;
  }
  let vector = index % sizes.inputVectors;
  let output = index / sizes.inputVectors % sizes.outputs;
  let tap = index / (sizes.inputVectors * sizes.outputs);
  let first = (tap * 4u * sizes.inputVectors + 4u * vector) * sizes.outputs + output;
  byOutput[index] = vec4f(
    weights[first],
    weights[first + sizes.outputs],
    weights[first + 2u * sizes.outputs],
    weights[first + 3u * sizes.outputs],
  );
}
