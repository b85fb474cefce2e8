// Winograd F(4×4, 3×3), gradient at the weights: dw = Gᵀ·s·G for the 6×6 sums s of each pair of channels, which come in SPLITS parts.
// Bindings: 0 s [SPLITS,36,I,O] read · 1 dw [3,3,I,O] write, as vec4f.
// Schedule: one invocation transforms one input channel and one vec4f of output channels. Bound: bytes (4·SPLITS per byte of dw).
#include lib/grid.wgsl

const PAIRS: u32 = 1u;
const SPLITS: u32 = 1u;

@group(0) @binding(0) var<storage, read> sums: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> weightGradient: array<vec4f>;

fn total(place: u32, index: u32) -> vec4f {
  var sum = sums[place * PAIRS + index];
  for (var split = 1u; split < SPLITS; split++) {
    sum += sums[(split * 36u + place) * PAIRS + index];
  }
  return sum;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= PAIRS) {
    return;
  }
  #unroll c in 0..6 {
    #unroll r in 0..6 { let s$r_$c = total($(r * 6 + c)u, index); }
    let a0_$c = s0_$c * 0.25 - (s1_$c + s2_$c) * (1.0 / 6.0) + (s3_$c + s4_$c) * (1.0 / 24.0);
    let a1_$c = (s2_$c - s1_$c) * (1.0 / 6.0) + (s3_$c - s4_$c) * (1.0 / 12.0);
    let a2_$c = (s3_$c + s4_$c - s1_$c - s2_$c) * (1.0 / 6.0) + s5_$c;
  }
  #unroll r in 0..3 {
    weightGradient[$(r * 3) * PAIRS + index] = a$r_0 * 0.25 - (a$r_1 + a$r_2) * (1.0 / 6.0) + (a$r_3 + a$r_4) * (1.0 / 24.0);
    weightGradient[$(r * 3 + 1) * PAIRS + index] = (a$r_2 - a$r_1) * (1.0 / 6.0) + (a$r_3 - a$r_4) * (1.0 / 12.0);
    weightGradient[$(r * 3 + 2) * PAIRS + index] = (a$r_3 + a$r_4 - a$r_1 - a$r_2) * (1.0 / 6.0) + a$r_5;
  }
}
