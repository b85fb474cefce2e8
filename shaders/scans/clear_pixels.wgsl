// Makes all pixels empty before points are projected: nearest = winner = NO_POINT, more than any range or point.
// Bindings: 0 nearest [PIXELS] u32 write · 1 winner [PIXELS] u32 write.
// Schedule: one invocation per pixel. Bound: 8 bytes written per pixel.
#include lib/grid.wgsl
#include lib/no_point.wgsl

const PIXELS: u32 = 1u;

@group(0) @binding(0) var<storage, read_write> nearest: array<u32>;
@group(0) @binding(1) var<storage, read_write> winner: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let pixel = gridIndex(workgroup, workgroups, local, 64u);
  if (pixel >= PIXELS) {
    return;
  }
  nearest[pixel] = NO_POINT;
  winner[pixel] = NO_POINT;
}
