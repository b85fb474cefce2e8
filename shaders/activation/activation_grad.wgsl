// Gradient of an activation at its input: dx = dy · f'(x).
// The output y may be bound instead of x for ReLU, ReLU6 and leaky ReLU of positive slope: f'(x) only asks on which
// side of a kink x lies, and y lies on the same side.
// Bindings: 0 dy read · 1 x (or y) read · 2 dx write; all of one shape and layout, as vec4f.
// Schedule: a workgroup takes 256 neighbouring vec4f, and each of its invocations 4 of them. Bound: 12 bytes per
// element.
#include lib/activation.wgsl
#include lib/grid.wgsl

const VECTORS: u32 = 1u;
const ACTIVATION: u32 = 0u;
const NEGATIVE_SLOPE: f32 = 0.0f;

@group(0) @binding(0) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> inputGradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = gridIndex(workgroup, workgroups, 0u, 256u) + local;
  #unroll i in 0..4 {
    let index$i = first + $(i * 64);
    if (index$i < VECTORS) {
      inputGradient[index$i] =
        activationGrad(outputGradient[index$i], x[index$i], ACTIVATION, NEGATIVE_SLOPE);
    }
  }
}
