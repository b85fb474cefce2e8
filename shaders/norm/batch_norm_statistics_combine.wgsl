// Second stage of batch statistics: mean and biased variance of all pixels from (count, mean, M₂) of each run, in the
// order of the runs (Chan, Golub & LeVeque 1979): δ = mean_b − mean_a, mean = mean_a + δ·n_b/n,
// M₂ = M₂a + M₂b + δ²·n_a·n_b/n.
// Bindings: 0 partial [SPLITS, 2, VECTORS] read (mean, M₂) · 1 statistics [2, VECTORS] write (mean, variance), as vec4f.
// Schedule: one invocation per vec4f of channels. Bound: the latency of SPLITS reads.
#include lib/grid.wgsl

const PIXELS: u32 = 1u;
const VECTORS: u32 = 1u;
const SPLITS: u32 = 1u;

const PIXELS_PER_SPLIT = (PIXELS + SPLITS - 1u) / SPLITS;

@group(0) @binding(0) var<storage, read> partial: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> statistics: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let vector = gridIndex(workgroup, workgroups, local, 64u);
  if (vector >= VECTORS) {
    return;
  }
  var mean = partial[vector];
  var squares = partial[VECTORS + vector];
  for (var split = 1u; split < SPLITS; split++) {
    let before = split * PIXELS_PER_SPLIT;
    let total = min(before + PIXELS_PER_SPLIT, PIXELS);
    let share = f32(total - before) / f32(total);
    let difference = partial[split * 2u * VECTORS + vector] - mean;
    mean = fma(difference, vec4f(share), mean);
    squares += partial[(split * 2u + 1u) * VECTORS + vector] + difference * difference * (f32(before) * share);
  }
  statistics[vector] = mean;
  statistics[VECTORS + vector] = squares / f32(PIXELS);
}
