// What makes probabilities of logits: for each pixel its largest logit, and one over the sum of exp(logit − largest).
// Bindings: 0 logits [P,C] vec4f read · 1 statistics [P] vec2f write.
// Schedule: one invocation per pixel. Bound: C exp per pixel, and the logits read twice.
#include lib/grid.wgsl

const PIXELS: u32 = 1u;
const CLASSES: u32 = 1u;
const VECTORS: u32 = 1u;

@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> statistics: array<vec2f>;

fn isPadding(vector: u32) -> vec4<bool> {
  return 4u * vector + vec4u(0u, 1u, 2u, 3u) >= vec4u(CLASSES);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let pixel = gridIndex(workgroup, workgroups, local, 64u);
  if (pixel >= PIXELS) {
    return;
  }
  let first = pixel * VECTORS;
  var largest = vec4f(logits[first].x);
  for (var v = 0u; v < VECTORS; v++) {
    largest = select(max(largest, logits[first + v]), largest, isPadding(v));
  }
  let shift = max(max(largest.x, largest.y), max(largest.z, largest.w));
  var sums = vec4f(0.0);
  for (var v = 0u; v < VECTORS; v++) {
    sums += select(exp(logits[first + v] - shift), vec4f(0.0), isPadding(v));
  }
  statistics[pixel] = vec2f(shift, 1.0 / ((sums.x + sums.y) + (sums.z + sums.w)));
}
