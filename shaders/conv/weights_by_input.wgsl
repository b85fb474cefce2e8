// Weights as a matrix of inputs and taps of outputs: byInput[c,(r,s),o] = w[(r,s),c,o].
// Bindings: 0 w [R·S,I,O] read · 1 sizes (R·S, I, O/4) · 2 byInput [I,R·S,O] write. vec4f over the last axis.
// Schedule: one invocation per vec4f. Bound: bytes, 8 per element.
#include lib/grid.wgsl

struct Sizes {
  taps: u32,
  inputs: u32,
  outputVectors: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<vec4f>;
@group(0) @binding(1) var<uniform> sizes: Sizes;
@group(0) @binding(2) var<storage, read_write> byInput: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= sizes.taps * sizes.inputs * sizes.outputVectors) {
    return;
  }
  let vector = index % sizes.outputVectors;
  let tap = index / sizes.outputVectors % sizes.taps;
  let channel = index / (sizes.outputVectors * sizes.taps);
  byInput[index] = weights[(tap * sizes.inputs + channel) * sizes.outputVectors + vector];
}
