// Second of three steps that take every STRIDE-th pixel of a class: counts the pixels of a class before each block.
// Bindings: 0 counts [N,BLOCKS,CLASSES] read-write, u32. Each count is replaced by the sum of the blocks before it.
// Schedule: one invocation per image and class walks over the blocks. Bound: latency of BLOCKS loads.
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const BLOCKS: u32 = 1u;
const CLASSES: u32 = 1u;

@group(0) @binding(0) var<storage, read_write> counts: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * CLASSES) {
    return;
  }
  let start = index / CLASSES * BLOCKS * CLASSES + index % CLASSES;
  var before = 0u;
  for (var block = 0u; block < BLOCKS; block++) {
    let count = counts[start + block * CLASSES];
    counts[start + block * CLASSES] = before;
    before += count;
  }
}
