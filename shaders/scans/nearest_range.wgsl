// The range of the nearest point of each pixel: nearest[n, pixel(p)] = min(nearest, range(p)) over the points p of a
// scan. Ranges are compared as bits, which have the same order, as no range is negative. The smallest of whole numbers
// does not depend on the order of the threads.
// Bindings: 0 pixels [N,CAPACITY,2] u32 read: pixel and bits of the range; no pixel from PIXELS on · 1 nearest
// [N,PIXELS] u32, read and lowered.
// Schedule: one invocation per point. Bound: one atomic per point. Neighbouring points of a scan lie in neighbouring
// pixels, so few meet.
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const CAPACITY: u32 = 1u;
const PIXELS: u32 = 1u;

@group(0) @binding(0) var<storage, read> pixels: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> nearest: array<atomic<u32>>;

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
  if (point.x < PIXELS) {
    atomicMin(&nearest[index / CAPACITY * PIXELS + point.x], point.y);
  }
}
