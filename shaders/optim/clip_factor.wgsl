// Gradient clipping: the factor that brings the L2 norm of all gradients together down to MAX_NORM, or 1 where it is
// below.
// factor = min(1, MAX_NORM / (√Σ partial + 1e-6)), as in PyTorch's clip_grad_norm_.
// Bindings: 0 partial sums of squares read, f32 · 1 factor write, f32.
// Schedule: one workgroup of 256. Each invocation adds every 256th part. Their sums are added pairwise in workgroup
// memory, so that the order is fixed. Bound: latency.
const MAX_NORM: f32 = 1.0f;

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> factor: array<f32>;

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var at = local; at < arrayLength(&partial); at += 256u) {
    sum += partial[at];
  }
  sums[local] = sum;
  workgroupBarrier();
  for (var lanes = 128u; lanes > 0u; lanes /= 2u) {
    if (local < lanes) {
      sums[local] += sums[local + lanes];
    }
    workgroupBarrier();
  }
  if (local == 0u) {
    factor[0] = min(1.0, MAX_NORM / (sqrt(sums[0]) + 1e-6));
  }
}
