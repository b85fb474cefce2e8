// Sums of the counts of the Lovász-softmax (foreground, background) over runs of LENGTH buckets of a class. The background
// of the lowest bucket is 0 here.
// Bindings: 0 counts [C,BUCKETS] vec2u read · 1 sums [C,BUCKETS/LENGTH] vec2u write.
// Schedule: one invocation per run. Bound: 8 bytes per bucket.
#include lib/grid.wgsl

const RUNS: u32 = 1u;
const LENGTH: u32 = 1u;

@group(0) @binding(0) var<storage, read> counts: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> sums: array<vec2u>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let run = gridIndex(workgroup, workgroups, local, 64u);
  if (run >= RUNS) {
    return;
  }
  var sum = vec2u(0u);
  for (var bucket = 0u; bucket < LENGTH; bucket++) {
    sum += counts[run * LENGTH + bucket];
  }
  sums[run] = sum;
}
