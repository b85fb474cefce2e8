// Weights as a matrix of inputs and taps of outputs: byInput[c,(r,s),o] = w[(r,s),c,o].
// Bindings: 0 w [R·S,I,O] read · 1 byInput [I,R·S,O] write. vec4f over the last axis.
// Schedule: one invocation per vec4f. Bound: bytes, 8 per element.
#include lib/grid.wgsl

const TAPS: u32 = 1u;
const INPUTS: u32 = 1u;
const VECTORS: u32 = 1u;

@group(0) @binding(0) var<storage, read> weights: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> byInput: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= TAPS * INPUTS * VECTORS) {
    return;
  }
  let vector = index % VECTORS;
  let tap = index / VECTORS % TAPS;
  let channel = index / (VECTORS * TAPS);
  byInput[index] = weights[(tap * INPUTS + channel) * VECTORS + vector];
}
