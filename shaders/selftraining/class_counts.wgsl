// First of three steps that take every STRIDE-th pixel of a list: counts the pixels of each list in each block of an
// image. A class has one list, with rings one in each ring.
// Bindings: 0 classes [N,H·W] read, u32: the list of each pixel · 1 counts [N,BLOCKS,LISTS] write.
// Schedule: one invocation per image, block and list. Bound: bytes; each pixel is read once per list.
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const PIXELS_PER_IMAGE: u32 = 1u;
const BLOCK: u32 = 256u;
const LISTS: u32 = 1u;

const BLOCKS = (PIXELS_PER_IMAGE + BLOCK - 1u) / BLOCK;

@group(0) @binding(0) var<storage, read> classes: array<u32>;
@group(0) @binding(1) var<storage, read_write> counts: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * BLOCKS * LISTS) {
    return;
  }
  let wanted = index % LISTS;
  let block = index / LISTS % BLOCKS;
  let image = index / (LISTS * BLOCKS);
  let end = min((block + 1u) * BLOCK, PIXELS_PER_IMAGE);
  var count = 0u;
  for (var pixel = block * BLOCK; pixel < end; pixel++) {
    count += u32(classes[image * PIXELS_PER_IMAGE + pixel] == wanted);
  }
  counts[index] = count;
}
