// Winograd F(4×4, 3×3), gradient at the weights: dw = Gᵀ·s·G for the 6×6 sums s of each pair of channels, which come in parts.
// Bindings: 0 s [splits,36,I,O] read · 1 pairs (I·O/4) · 2 dw [3,3,I,O] write, as vec4f.
// Schedule: one invocation transforms one input channel and one vec4f of output channels. Bound: bytes (4·splits per byte of dw); the
// loads of a part wait together.
#include lib/grid.wgsl

@group(0) @binding(0) var<storage, read> sums: array<vec4f>;
@group(0) @binding(1) var<uniform> pairs: u32;
@group(0) @binding(2) var<storage, read_write> weightGradient: array<vec4f>;

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
  #unroll r in 0..6 {
    #unroll c in 0..6 { var s$r_$c = vec4f(0.0); }
  }
  for (var start = index; start < arrayLength(&sums); start += 36u * pairs) {
    #unroll r in 0..6 {
      #unroll c in 0..6 { s$r_$c += sums[start + $(r * 6 + c) * pairs]; }
    }
  }
  #unroll c in 0..6 {
    let a0_$c = s0_$c * 0.25 - (s1_$c + s2_$c) * (1.0 / 6.0) + (s3_$c + s4_$c) * (1.0 / 24.0);
    let a1_$c = (s2_$c - s1_$c) * (1.0 / 6.0) + (s3_$c - s4_$c) * (1.0 / 12.0);
    let a2_$c = (s3_$c + s4_$c - s1_$c - s2_$c) * (1.0 / 6.0) + s5_$c;
  }
  #unroll r in 0..3 {
    weightGradient[$(r * 3) * pairs + index] = a$r_0 * 0.25 - (a$r_1 + a$r_2) * (1.0 / 6.0) + (a$r_3 + a$r_4) * (1.0 / 24.0);
    weightGradient[$(r * 3 + 1) * pairs + index] = (a$r_2 - a$r_1) * (1.0 / 6.0) + (a$r_3 - a$r_4) * (1.0 / 12.0);
    weightGradient[$(r * 3 + 2) * pairs + index] = (a$r_3 + a$r_4 - a$r_1 - a$r_2) * (1.0 / 6.0) + a$r_5;
  }
}
