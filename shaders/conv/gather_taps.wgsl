// Copies of dy, shifted by each tap of a convolution of stride 1 and laid side by side:
// g[n,(r,s,o),y,x] = dy[n,o, y + padding − r·dilation, x + padding − s·dilation], 0 where that lies outside dy. Both
// gradients of the convolution are then matrix products with g.
// Bindings: 0 dy [N,Ho,Wo,O] read · 1 g [N,H,W,R,S,O] write. vec4f over the last axis, channels padded to 4.
// Schedule: one invocation per vec4f of g. Bound: bytes, 4 + 4/(R·S) per element.
#include lib/convolution_geometry.wgsl
#include lib/grid.wgsl

const VECTORS: u32 = 1u;

const TAPS = KERNEL_HEIGHT * KERNEL_WIDTH;

@group(0) @binding(0) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> gathered: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * HEIGHT * WIDTH * TAPS * VECTORS) {
    return;
  }
  let vector = index % VECTORS;
  let tap = index / VECTORS % TAPS;
  let pixel = index / (VECTORS * TAPS);
  let image = pixel / (HEIGHT * WIDTH);
  // A place before dy is negative. u32 wraps to a large number, which counts as outside.
  let row = pixel / WIDTH % HEIGHT + PADDING_TOP - tap / KERNEL_WIDTH * DILATION;
  let column = pixel % WIDTH + PADDING_LEFT - tap % KERNEL_WIDTH * DILATION;
  let isInside = row < OUTPUT_HEIGHT && column < OUTPUT_WIDTH;
  let source = select(0u, ((image * OUTPUT_HEIGHT + row) * OUTPUT_WIDTH + column) * VECTORS + vector, isInside);
  gathered[index] = select(vec4f(0.0), outputGradient[source], isInside);
}
