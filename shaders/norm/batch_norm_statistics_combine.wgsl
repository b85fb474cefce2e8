// Second stage of batch statistics: mean and biased variance of all pixels, from the (mean, M₂) of each run; its count
// follows from the sizes. Run b is added to the runs a before it (Chan, Golub & LeVeque 1979): with δ = mean_b −
// mean_a, mean = mean_a + δ·n_b/n and M₂ = M₂a + M₂b + δ²·n_a·n_b/n.
// Bindings: 0 partial [splits,2,C] read (mean, M₂) · 1 sizes (PixelSizes) · 2 statistics [2,C] write (mean, variance),
// as vec4f.
// Schedule: one invocation per vec4f of channels takes the runs in order. Bound: the latency of as many reads as
// splits.
#include lib/grid.wgsl
#include lib/pixel_sizes.wgsl

@group(0) @binding(0) var<storage, read> partial: array<vec4f>;
@group(0) @binding(1) var<uniform> sizes: PixelSizes;
@group(0) @binding(2) var<storage, read_write> statistics: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let vector = gridIndex(workgroup, workgroups, local, 64u);
  if (vector >= sizes.vectors) {
    return;
  }
  var mean = partial[vector];
  var squares = partial[sizes.vectors + vector];
  for (var split = 1u; split < sizes.splits; split++) {
    let before = split * sizes.pixelsPerSplit;
    let total = min(before + sizes.pixelsPerSplit, sizes.pixels);
    let share = f32(total - before) / f32(total);
    let difference = partial[split * 2u * sizes.vectors + vector] - mean;
    mean = fma(difference, vec4f(share), mean);
    squares += partial[(split * 2u + 1u) * sizes.vectors + vector] + difference * difference * (f32(before) * share);
  }
  statistics[vector] = mean;
  statistics[sizes.vectors + vector] = squares / f32(sizes.pixels);
}
