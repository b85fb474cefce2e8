// The second part of a convolution of stride 1 with few outputs, with an optional epilogue. The first part is a
// product: it has multiplied every input pixel by the weights of every tap, z = x · w. This part adds what belongs to
// an output:
// y[n,o,i,j] = f(scale[o] · sum + shift[o] + residual[n,o,i,j]), where
// sum = Σ_{r,s} z[n,(r,s,o), i + r·dilation − padding, j + s·dilation − padding].
// Bindings: 0 z [N,H,W,R,S,O] read · 1 epilogue, 2 residual read (lib/epilogue.wgsl) · 3 y [N,Ho,Wo,O] write. vec4f
// over the last axis, channels padded to 4.
// Schedule: one invocation per vec4f of y. Bound: bytes, 4·R·S + 4 per element.
#include lib/convolution_geometry.wgsl
#include lib/epilogue.wgsl
#include lib/grid.wgsl

const VECTORS: u32 = 1u;

@group(0) @binding(0) var<storage, read> products: array<vec4f>;
@group(0) @binding(1) var<storage, read> epilogue: array<vec4f>;
@group(0) @binding(2) var<storage, read> residual: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

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
  // In the padding these are negative. u32 wraps to a large number, which counts as outside.
  let firstRow = pixel / OUTPUT_WIDTH % OUTPUT_HEIGHT - PADDING_TOP;
  let firstColumn = pixel % OUTPUT_WIDTH - PADDING_LEFT;
  var sum = vec4f(0.0);
  for (var r = 0u; r < KERNEL_HEIGHT; r++) {
    let row = firstRow + r * DILATION;
    for (var s = 0u; s < KERNEL_WIDTH; s++) {
      let column = firstColumn + s * DILATION;
      if (row < HEIGHT && column < WIDTH) {
        let tap = ((image * HEIGHT + row) * WIDTH + column) * KERNEL_HEIGHT * KERNEL_WIDTH + r * KERNEL_WIDTH + s;
        sum += products[tap * VECTORS + vector];
      }
    }
  }
  y[index] = finish(sum, epilogueScale(vector), epilogueShift(vector, VECTORS), index);
}
