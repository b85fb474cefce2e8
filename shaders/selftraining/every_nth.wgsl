// Third of three steps that take every STRIDE-th pixel of a list. Pixels of a list are numbered in row-major order
// within an image. The first, the (STRIDE + 1)-th, … keep their list. The others get UNRANKED added to it, so that
// they are counted but not ranked.
// Bindings: 0 starts [N,BLOCKS,LISTS] read: pixels of the list before the block · 1 classes [N,H·W] read-write, u32:
// the list of each pixel.
// Schedule: one invocation per image, block and list. No two of them write the same pixel. Bound: bytes.
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const PIXELS_PER_IMAGE: u32 = 1u;
const BLOCK: u32 = 256u;
const LISTS: u32 = 1u;
const STRIDE: u32 = 1u;
const UNRANKED: u32 = 256u;

const BLOCKS = (PIXELS_PER_IMAGE + BLOCK - 1u) / BLOCK;

@group(0) @binding(0) var<storage, read> starts: array<u32>;
@group(0) @binding(1) var<storage, read_write> classes: array<u32>;

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
  var ordinal = starts[index];
  for (var pixel = block * BLOCK; pixel < end; pixel++) {
    let place = image * PIXELS_PER_IMAGE + pixel;
    if (classes[place] % UNRANKED != wanted) {
      continue;
    }
    if (ordinal % STRIDE != 0u) {
      classes[place] = wanted + UNRANKED;
    }
    ordinal++;
  }
}
