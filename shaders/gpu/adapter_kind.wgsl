// Chains of dependent multiply-adds, of a length for each invocation, to find whether the invocations of a workgroup run
// side by side or one after another.
// Bindings: 0 trips [256] read, so that the compiler cannot know them · 1 sums [256] write, f32.
// Schedule: one workgroup; an invocation runs trips × 16 multiply-adds. Bound: their latency on a GPU, which has others
// to run meanwhile; on a CPU the latency times the vectors that a workgroup is cut into.
@group(0) @binding(0) var<storage, read> trips: array<u32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) invocation: u32) {
  let last = trips[invocation];
  // Unknown to the compiler as well, below one.
  let factor = f32(last) * 1e-5;
  var sum = f32(invocation);
  for (var trip = 0u; trip < last; trip++) {
    #unroll i in 0..16 { sum = sum * factor + 1.0; }
  }
  sums[invocation] = sum;
}
