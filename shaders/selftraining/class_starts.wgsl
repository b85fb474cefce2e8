// Second of three steps that take every STRIDE-th pixel of a list: counts the pixels of a list before each block.
// Bindings: 0 counts [N,BLOCKS,LISTS] read-write, u32. Each count is replaced by the sum of the blocks before it.
// Schedule: one invocation per image and list walks over the blocks. Bound: latency of BLOCKS loads.
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const BLOCKS: u32 = 1u;
const LISTS: u32 = 1u;

@group(0) @binding(0) var<storage, read_write> counts: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * LISTS) {
    return;
  }
  let start = index / LISTS * BLOCKS * LISTS + index % LISTS;
  var before = 0u;
  for (var block = 0u; block < BLOCKS; block++) {
    let count = counts[start + block * LISTS];
    counts[start + block * LISTS] = before;
    before += count;
  }
}
