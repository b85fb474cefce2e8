// Second stage of a split sum: y[i] = Σ_s partial[s, i], in the order of s, so that two runs give the same bits.
// Bindings: 0 partial [SPLITS, VECTORS] read · 1 y [VECTORS] write, as vec4f.
// Schedule: one invocation per vec4f. Bound: 4·(SPLITS + 1) bytes per element.
#include lib/grid.wgsl

const SPLITS: u32 = 1u;
const VECTORS: u32 = 1u;

@group(0) @binding(0) var<storage, read> partial: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= VECTORS) {
    return;
  }
  var sum = partial[index];
  for (var s = 1u; s < SPLITS; s++) {
    sum += partial[s * VECTORS + index];
  }
  y[index] = sum;
}
