// Winograd F(4×4, 3×3), weights: u = G·g·Gᵀ for the 3×3 taps g of each pair of channels. FLIPPED takes the taps in reverse, as the
// input gradient needs them.
// Bindings: 0 w [3,3,I,O] read · 1 pairs (I·O/4) · 2 u [36,I,O] write, as vec4f.
// Schedule: one invocation transforms one input channel and one vec4f of output channels. Bound: bytes (5 per byte of w).
#include lib/grid.wgsl

const FLIPPED: bool = false;

@group(0) @binding(0) var<storage, read> weight: array<vec4f>;
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
  #unroll t in 0..9 { let g$t = weight[select($(t)u, $(8 - t)u, FLIPPED) * pairs + index]; }
  #unroll s in 0..3 {
    let a0_$s = g$s * 0.25;
    let a1_$s = (g$s + g$(s + 3) + g$(s + 6)) * (-1.0 / 6.0);
    let a2_$s = (g$s - g$(s + 3) + g$(s + 6)) * (-1.0 / 6.0);
    let a3_$s = (g$s + 2.0 * g$(s + 3) + 4.0 * g$(s + 6)) * (1.0 / 24.0);
    let a4_$s = (g$s - 2.0 * g$(s + 3) + 4.0 * g$(s + 6)) * (1.0 / 24.0);
    let a5_$s = g$(s + 6);
  }
  #unroll r in 0..6 {
    u[$(r * 6) * pairs + index] = a$r_0 * 0.25;
    u[$(r * 6 + 1) * pairs + index] = (a$r_0 + a$r_1 + a$r_2) * (-1.0 / 6.0);
    u[$(r * 6 + 2) * pairs + index] = (a$r_0 - a$r_1 + a$r_2) * (-1.0 / 6.0);
    u[$(r * 6 + 3) * pairs + index] = (a$r_0 + 2.0 * a$r_1 + 4.0 * a$r_2) * (1.0 / 24.0);
    u[$(r * 6 + 4) * pairs + index] = (a$r_0 - 2.0 * a$r_1 + 4.0 * a$r_2) * (1.0 / 24.0);
    u[$(r * 6 + 5) * pairs + index] = a$r_2;
  }
}
