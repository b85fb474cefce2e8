// The winner of each pixel: winner[n, pixel(p)] = min(winner, p) over the points p of a scan whose range is the least
// of their pixel. So of equally near points the first in the file wins, whatever the order of the threads.
// Bindings: 0 pixels [N,CAPACITY,2] u32 read: pixel and bits of the range; no pixel from PIXELS on · 1 nearest
// [N,PIXELS] u32 read · 2 winner [N,PIXELS] u32, read and lowered.
// Schedule: one invocation per point. Bound: one load from anywhere per point, one atomic per filled pixel.
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const CAPACITY: u32 = 1u;
const PIXELS: u32 = 1u;

@group(0) @binding(0) var<storage, read> pixels: array<vec2u>;
@group(0) @binding(1) var<storage, read> nearest: array<u32>;
@group(0) @binding(2) var<storage, read_write> winner: array<atomic<u32>>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * CAPACITY) {
    return;
  }
  let point = pixels[index];
  if (point.x >= PIXELS) {
    return;
  }
  let pixel = index / CAPACITY * PIXELS + point.x;
  if (nearest[pixel] == point.y) {
    atomicMin(&winner[pixel], index % CAPACITY);
  }
}
