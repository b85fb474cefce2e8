// Counts the iterations of two nested loops, to find drivers that silently stop a kernel after 65,535 iterations.
// Bindings: 0 asked [2] read: iterations of the outer and of the inner loop, in memory so that the compiler cannot know
// them · 1 executed [1] write.
// Schedule: one invocation. The count depends on data of each iteration, so that the compiler cannot replace the loops
// by a formula.
// Bound: the latency of the loops.
@group(0) @binding(0) var<storage, read> asked: array<u32>;
@group(0) @binding(1) var<storage, read_write> executed: array<u32>;

@compute @workgroup_size(1)
fn main() {
  var count = 0u;
  var state = asked[0];
  for (var outer = 0u; outer < asked[0]; outer++) {
    for (var inner = 0u; inner < asked[1]; inner++) {
      state = state * 1664525u + 1013904223u;
      count += select(0u, 1u, (state | 1u) != 0u);
    }
  }
  executed[0] = count;
}
