// Copies maps that lie one class after the other into the layout of activations: y[p, c] = x[c, p]. Padding channels
// are 0.
// Bindings: 0 x [CLASSES, PIXELS] read, f32 · 1 y [PIXELS, CLASS_VECTORS] write, as vec4f.
// Schedule: one invocation per pixel. Bound: 8 bytes per pixel and class.
#include lib/grid.wgsl

const CLASSES: u32 = 1u;
const CLASS_VECTORS: u32 = 1u;
const PIXELS: u32 = 1u;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

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
  for (var v = 0u; v < CLASS_VECTORS; v++) {
    var value = vec4f(0.0);
    #unroll k in 0..4 {
      if (4u * v + $(k + 0)u < CLASSES) {
        value[$k] = x[(4u * v + $(k + 0)u) * PIXELS + pixel];
      }
    }
    y[pixel * CLASS_VECTORS + v] = value;
  }
}
