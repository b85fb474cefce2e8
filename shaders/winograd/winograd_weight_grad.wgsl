// Winograd, weight gradient: transforms the sums back, dw = Gᵀ·s·G for the INPUTS×INPUTS sums s of each pair of
// channels. The sums come in parts, which are added here in fixed order.
// Bindings: 0 s [splits,INPUTS²,I,O] read · 1 pairs (I·O/4) · 2 dw [3,3,I,O] write, as vec4f.
// Schedule: one invocation transforms one input channel and one vec4f of output channels. It loads a whole part before
// it adds it, so that these loads wait together. Bound: bytes, 4·splits per byte of dw; with F(2×2, 3×3) 2·splits.
#include lib/grid.wgsl
#include TRANSFORMS

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
  #unroll r in 0..INPUTS {
    #unroll c in 0..INPUTS { var s$r_$c = vec4f(0.0); }
  }
  for (var start = index; start < arrayLength(&sums); start += INPUTS * INPUTS * pairs) {
    #unroll r in 0..INPUTS {
      #unroll c in 0..INPUTS { s$r_$c += sums[start + $(r * INPUTS + c) * pairs]; }
    }
  }
  #unroll c in 0..INPUTS {
    let a$c = transformWeightGrad(array<vec4f, INPUTS>(#unroll r in 0..INPUTS { s$r_$c, }));
  }
  #unroll r in 0..3 {
    let d$r = transformWeightGrad(array<vec4f, INPUTS>(#unroll c in 0..INPUTS { a$c[$r], }));
    #unroll c in 0..3 { weightGradient[$(r * 3 + c) * pairs + index] = d$r[$c]; }
  }
}
