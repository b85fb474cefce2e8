// The labels of range images: y[n,i,j] = x[n, winner[n,i,j]], or 255 without a winner.
// Bindings: 0 x [N,CAPACITY] read, bytes, four to a word · 1 winner [N,PIXELS] u32 read · 2 y [N,PIXELS] write, bytes,
// four to a word. Bytes beyond the last label are 0.
// Schedule: one invocation per word of four labels, which may lie in two images. Bound: 16 bytes read in order and four
// words from anywhere per word written.
#include lib/grid.wgsl
#include lib/no_point.wgsl

const BATCH: u32 = 1u;
const CAPACITY: u32 = 1u;
const PIXELS: u32 = 1u;

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> winner: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let word = gridIndex(workgroup, workgroups, local, 64u);
  if (word >= (BATCH * PIXELS + 3u) / 4u) {
    return;
  }
  let first = 4u * word;
  y[word] = label(first) | (label(first + 1u) << 8u) | (label(first + 2u) << 16u) | (label(first + 3u) << 24u);
}

fn label(pixel: u32) -> u32 {
  if (pixel >= BATCH * PIXELS) {
    return 0u;
  }
  let point = winner[pixel];
  if (point == NO_POINT) {
    return 255u;
  }
  let place = pixel / PIXELS * CAPACITY + point;
  return (x[place / 4u] >> (8u * (place % 4u))) & 255u;
}
