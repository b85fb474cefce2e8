// The adapter's multiply-add peak: 24 independent chains of multiply-adds in registers, no memory but one store.
// Bindings: 0 seed [2] read · 1 y [INVOCATIONS] write, f32.
// Schedule: one invocation runs ROUNDS × 24 × 8 multiply-adds. Bound: flop.
#include lib/grid.wgsl

const ROUNDS: u32 = 1u;

@group(0) @binding(0) var<storage, read> seed: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  let factor = seed[0];
  let addend = seed[1];
  #unroll i in 0..24 { var sum$i = f32(index + $(i + 0)u) * addend; }
  for (var round = 0u; round < ROUNDS; round++) {
    #unroll k in 0..8 {
      #unroll i in 0..24 { sum$i = sum$i * factor + addend; }
    }
  }
  var total = 0.0;
  #unroll i in 0..24 { total += sum$i; }
  y[index] = total;
}
