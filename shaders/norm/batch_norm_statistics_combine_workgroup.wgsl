// Second stage of batch statistics, for GPUs: mean and biased variance of all pixels, from the (mean, M₂) of each
// run; its count follows from the sizes. Two runs a and b combine (Chan, Golub & LeVeque 1979): with δ = mean_b −
// mean_a, mean = mean_a + δ·n_b/n and M₂ = M₂a + M₂b + δ²·n_a·n_b/n. The order depends on the number of splits alone.
// Bindings: 0 partial [splits,2,C] read (mean, M₂) · 1 sizes (PixelSizes) · 2 statistics [2,C] write (mean, variance),
// as vec4f.
// Schedule: a workgroup of 256 invocations per vec4f of channels. Each invocation first combines neighbouring runs. The
// results are then combined pairwise in workgroup memory (9 KiB). Bound: the latency of splits / 256 loads and of nine
// barriers.
#include lib/pixel_sizes.wgsl

@group(0) @binding(0) var<storage, read> partial: array<vec4f>;
@group(0) @binding(1) var<uniform> sizes: PixelSizes;
@group(0) @binding(2) var<storage, read_write> statistics: array<vec4f>;

struct Moments {
  count: f32,
  mean: vec4f,
  squares: vec4f,
}

var<workgroup> counts: array<f32, 256>;
var<workgroup> means: array<vec4f, 256>;
var<workgroup> squares: array<vec4f, 256>;

// Where one side has no pixels, the result is the other side.
fn combine(a: Moments, b: Moments) -> Moments {
  let total = a.count + b.count;
  let share = b.count / max(total, 1.0);
  let difference = b.mean - a.mean;
  return Moments(
    total,
    fma(difference, vec4f(share), a.mean),
    a.squares + b.squares + difference * difference * (a.count * share),
  );
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let vector = workgroup.x;
  let runs = (sizes.splits + 255u) / 256u;
  var moments = Moments(0.0, vec4f(0.0), vec4f(0.0));
  for (var split = local * runs; split < min((local + 1u) * runs, sizes.splits); split++) {
    let before = split * sizes.pixelsPerSplit;
    let count = min(before + sizes.pixelsPerSplit, sizes.pixels) - before;
    let at = split * 2u * sizes.vectors + vector;
    moments = combine(moments, Moments(f32(count), partial[at], partial[at + sizes.vectors]));
  }
  counts[local] = moments.count;
  means[local] = moments.mean;
  squares[local] = moments.squares;
  workgroupBarrier();
  for (var lanes = 128u; lanes > 0u; lanes /= 2u) {
    if (local < lanes) {
      let other = local + lanes;
      moments = combine(moments, Moments(counts[other], means[other], squares[other]));
      counts[local] = moments.count;
      means[local] = moments.mean;
      squares[local] = moments.squares;
    }
    workgroupBarrier();
  }
  if (local == 0u) {
    statistics[vector] = moments.mean;
    statistics[sizes.vectors + vector] = moments.squares / f32(sizes.pixels);
  }
}
