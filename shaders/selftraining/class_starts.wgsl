// Second of three steps that take every STRIDE-th pixel of a class: counts the pixels of a class before each block.
// Bindings: 0 counts [N,BLOCKS,CLASSES] read-write, u32. Each count is replaced by the sum of the blocks before it.
// Schedule: one invocation per image and class walks over the blocks. Bound: latency of BLOCKS loads.
const BATCH: u32 = 1u;
const BLOCKS: u32 = 1u;
const CLASSES: u32 = 1u;

@group(0) @binding(0) var<storage, read_write> counts: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= BATCH * CLASSES) {
    return;
  }
  let start = id.x / CLASSES * BLOCKS * CLASSES + id.x % CLASSES;
  var before = 0u;
  for (var block = 0u; block < BLOCKS; block++) {
    let count = counts[start + block * CLASSES];
    counts[start + block * CLASSES] = before;
    before += count;
  }
}
