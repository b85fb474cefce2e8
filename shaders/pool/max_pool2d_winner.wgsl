// The winner of each window of max pooling: the first largest element in row-major order. It is given by its place in
// the window, r·KERNEL_WIDTH + s. If an element of the window is not a number, there is no winner, and the place is
// 65,535.
// Bindings: 0 x [N,H,W,C] read · 1 winner [N,Ho,Wo,C] write, 16 bits per channel: a vec2u for each vec4f of x.
// Schedule: one invocation per vec4f of the output. As in max_pool2d.wgsl, a tap in the padding reads the nearest pixel
// of the image. If it wins, the place written is the pixel's own, not the tap's. The winner stays the first: taps in
// the padding come in the same order as the pixels they read, so none of them wins ahead of an equal pixel that comes
// earlier.
// Bound: loads, one per tap.
#include lib/pool_geometry.wgsl
#include lib/grid.wgsl

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> winner: array<vec2u>;

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
  // Row `row` of the image is row `row + top` of the window. `top` may be negative; u32 wraps, and the sum comes out
  // right.
  let top = PADDING_TOP - i * STRIDE;
  let left = PADDING_LEFT - j * STRIDE;
  var largest = x[((image * HEIGHT + rowOf(i, 0u)) * WIDTH + columnOf(j, 0u)) * VECTORS + vector];
  var first = vec4u((rowOf(i, 0u) + top) * KERNEL_WIDTH + columnOf(j, 0u) + left);
  var isOrdered = vec4<bool>(true);
  for (var r = 0u; r < KERNEL_HEIGHT; r++) {
    let row = rowOf(i, r);
    for (var s = 0u; s < KERNEL_WIDTH; s++) {
      let column = columnOf(j, s);
      let value = x[((image * HEIGHT + row) * WIDTH + column) * VECTORS + vector];
      let isLarger = value > largest;
      isOrdered &= isLarger | (value <= largest);
      largest = select(largest, value, isLarger);
      first = select(first, vec4u((row + top) * KERNEL_WIDTH + column + left), isLarger);
    }
  }
  first = select(vec4u(65535u), first, isOrdered);
  winner[index] = first.xz | (first.yw << vec2u(16u));
}
