// Adds one number per channel: y[p, c] = x[p, c] + b[c].
// Bindings: 0 x [PIXELS, VECTORS] read · 1 b [VECTORS] read · 2 y [PIXELS, VECTORS] write, as vec4f.
// Schedule: one invocation adds one vec4f of b to 8 neighbouring pixels. Bound: 8 bytes per element.
#include lib/grid.wgsl

const PIXELS: u32 = 1u;
const VECTORS: u32 = 1u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  let vector = index % VECTORS;
  let firstPixel = index / VECTORS * 8u;
  if (firstPixel >= PIXELS) {
    return;
  }
  let first = firstPixel * VECTORS + vector;
  let shift = b[vector];
  #unroll p in 0..8 {
    if (firstPixel + $p < PIXELS) {
      y[first + $p * VECTORS] = x[first + $p * VECTORS] + shift;
    }
  }
}
