// Third of three steps that take every STRIDE-th pixel of a class. Pixels of a class are numbered in row-major order
// within an image. The first, the (STRIDE + 1)-th, … keep their class. The others get UNSAMPLED added to it, so that
// they are counted but not ranked.
// Bindings: 0 starts [N,BLOCKS,CLASSES] read: pixels of the class before the block · 1 classes [N,H·W] read-write, u32.
// Schedule: one invocation per image, block and class. No two of them write the same pixel. Bound: bytes.
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const PIXELS_PER_IMAGE: u32 = 1u;
const BLOCK: u32 = 256u;
const CLASSES: u32 = 1u;
const STRIDE: u32 = 1u;
const UNSAMPLED: u32 = 256u;

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
  if (index >= BATCH * BLOCKS * CLASSES) {
    return;
  }
  let wanted = index % CLASSES;
  let block = index / CLASSES % BLOCKS;
  let image = index / (CLASSES * BLOCKS);
  let end = min((block + 1u) * BLOCK, PIXELS_PER_IMAGE);
  var ordinal = starts[index];
  for (var pixel = block * BLOCK; pixel < end; pixel++) {
    let place = image * PIXELS_PER_IMAGE + pixel;
    if (classes[place] % UNSAMPLED != wanted) {
      continue;
    }
    if (ordinal % STRIDE != 0u) {
      classes[place] = wanted + UNSAMPLED;
    }
    ordinal++;
  }
}
