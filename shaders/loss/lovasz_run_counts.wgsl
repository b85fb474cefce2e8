// Sums of the counts of the Lovász-softmax (background, foreground) over runs of LENGTH buckets of a class. The
// background of the lowest bucket is 0 here.
// Bindings: 0 counts [ALL_RUNS,LENGTH] read · 1 sums [ALL_RUNS] write.
// Schedule: one invocation per run. Bound: 4 bytes per bucket.
#include lib/grid.wgsl

// Those of all classes, of background and of foreground.
const ALL_RUNS: u32 = 1u;
const LENGTH: u32 = 1u;

@group(0) @binding(0) var<storage, read> counts: array<u32>;
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let run = gridIndex(workgroup, workgroups, local, 64u);
  if (run >= ALL_RUNS) {
    return;
  }
  var sum = 0u;
  for (var bucket = 0u; bucket < LENGTH; bucket++) {
    sum += counts[run * LENGTH + bucket];
  }
  sums[run] = sum;
}
