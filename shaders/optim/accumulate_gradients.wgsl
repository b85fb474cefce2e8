// Gradient accumulation: the mean of the gradients of a step's micro-batches. The first sets mean ← SHARE · g, each
// other adds mean ← mean + SHARE · g.
// Bindings: 0 g of one micro-batch read · 1 mean read-write. Flat f32, as vec4f.
// Schedule: one invocation per vec4f. Bound: 12 bytes per parameter.
#include lib/grid.wgsl

const VECTORS: u32 = 1u;
const SHARE: f32 = 1.0;
const FIRST: bool = false;

@group(0) @binding(0) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> means: array<vec4f>;

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
  var mean = SHARE * gradients[index];
  if (!FIRST) {
    mean += means[index];
  }
  means[index] = mean;
}
