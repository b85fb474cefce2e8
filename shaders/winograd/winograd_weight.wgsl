// Winograd: transforms the weights, u = G·g·Gᵀ for the 3×3 taps g of each pair of channels. With FLIPPED the taps are
// taken in reverse, as the input gradient needs them.
// Bindings: 0 w [3,3,I,O] read · 1 pairs (I·O/4) · 2 u [INPUTS²,I,O] write, as vec4f.
// Schedule: one invocation transforms one input channel and one vec4f of output channels. Bound: bytes, 5 per byte of
// w; with F(2×2, 3×3) 3.
#include lib/grid.wgsl
#include TRANSFORMS

const FLIPPED: bool = false;

@group(0) @binding(0) var<storage, read> weights: array<vec4f>;
@group(0) @binding(1) var<uniform> pairs: u32;
@group(0) @binding(2) var<storage, read_write> u: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= pairs) {
    return;
  }
  #unroll t in 0..9 { let g$t = weights[select($(t)u, $(8 - t)u, FLIPPED) * pairs + index]; }
  #unroll s in 0..3 { let a$s = transformWeight(array<vec4f, 3>(g$s, g$(s + 3), g$(s + 6))); }
  #unroll r in 0..INPUTS {
    let u$r = transformWeight(array<vec4f, 3>(a0[$r], a1[$r], a2[$r]));
    #unroll c in 0..INPUTS { u[$(r * INPUTS + c) * pairs + index] = u$r[$c]; }
  }
}
