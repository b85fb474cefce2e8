// Which element of a window max pooling takes: the first largest one in row-major order, as r·KERNEL_WIDTH + s; 65,535
// where an element is not a number, so that none is.
// Bindings: 0 x [N,H,W,C] read · 1 winner [N,Ho,Wo,C] write, 16 bits per channel: a vec2u for each vec4f of x.
// Schedule: as max pooling itself, whose taps in the padding it repeats: one that stands for a later pixel never wins
// before that pixel, and names it.
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
  // A row of the image is row + PADDING_TOP − i·STRIDE of the window.
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
