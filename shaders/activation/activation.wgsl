// An activation by itself: y = f(x). f is one of the functions of lib/activation.wgsl.
// Bindings: 0 x read · 1 y write; both of one shape and layout, as vec4f.
// Schedule: a workgroup takes 256 neighbouring vec4f, and each of its invocations 4 of them. Bound: 8 bytes per
// element.
#include lib/activation.wgsl
#include lib/grid.wgsl

const VECTORS: u32 = 1u;
const ACTIVATION: u32 = 0u;
const NEGATIVE_SLOPE: f32 = 0.0f;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = gridIndex(workgroup, workgroups, 0u, 256u) + local;
  #unroll i in 0..4 {
    if (first + $(i * 64) < VECTORS) {
      y[first + $(i * 64)] = activate(x[first + $(i * 64)], ACTIVATION, NEGATIVE_SLOPE);
    }
  }
}
