// Max pooling: y[n,c,i,j] = the largest x of window (i, j). The padding takes no part.
// Bindings: 0 x [N,H,W,C] read · 1 y [N,Ho,Wo,C] write. vec4f over channels, padded to 4.
// Schedule: one invocation per vec4f of the output. A tap in the padding reads the nearest pixel of the image instead.
// That pixel lies in the window too, so the maximum stays the same. In return the loops have constant bounds, and
// compilers can unroll them.
// Bound: loads, one per tap; bytes where the cache serves the taps that windows share.
#include lib/pool_geometry.wgsl
#include lib/grid.wgsl

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * OUTPUT_HEIGHT * OUTPUT_WIDTH * VECTORS) {
    return;
  }
  let vector = index % VECTORS;
  let pixel = index / VECTORS;
  let image = pixel / (OUTPUT_HEIGHT * OUTPUT_WIDTH);
  let i = pixel / OUTPUT_WIDTH % OUTPUT_HEIGHT;
  let j = pixel % OUTPUT_WIDTH;
  var largest = x[((image * HEIGHT + rowOf(i, 0u)) * WIDTH + columnOf(j, 0u)) * VECTORS + vector];
  for (var r = 0u; r < KERNEL_HEIGHT; r++) {
    let start = (image * HEIGHT + rowOf(i, r)) * WIDTH;
    for (var s = 0u; s < KERNEL_WIDTH; s++) {
      largest = max(largest, x[(start + columnOf(j, s)) * VECTORS + vector]);
    }
  }
  y[index] = largest;
}
