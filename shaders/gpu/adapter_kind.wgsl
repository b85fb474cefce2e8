// Long chains of multiply-adds, each waiting for the one before. Their time tells whether the invocations of a
// workgroup run side by side, as on a GPU, or one after another, as on a CPU.
// Bindings: 0 trips [256] read, the length of each invocation's chain, in memory so that the compiler cannot know it
// · 1 sums [256] write, f32.
// Schedule: one workgroup; an invocation runs trips × 16 multiply-adds.
// Bound: the latency of a multiply-add. A GPU runs other invocations meanwhile. A CPU cuts a workgroup into vectors and
// takes that latency for each of them.
@group(0) @binding(0) var<storage, read> trips: array<u32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) invocation: u32) {
  let last = trips[invocation];
  // A factor below one, which the compiler cannot know either.
  let factor = f32(last) * 1e-5;
  var sum = f32(invocation);
  for (var trip = 0u; trip < last; trip++) {
    #unroll i in 0..16 { sum = sum * factor + 1.0; }
  }
  sums[invocation] = sum;
}
