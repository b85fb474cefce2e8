// The weights of errors in the Lovász-softmax, from the table that lovasz_weights.wgsl made.
#include lib/lovasz_buckets.wgsl

@group(0) @binding(2) var<storage, read> weights: array<f32>;

// The weights of four errors. Those where there is no class are any.
fn weightsOf(vector: u32, error: vec4f, goal: vec4f) -> vec4f {
  let at = min(places(vector, error, goal), vec4u(2u * CLASSES * BUCKETS - 1u));
  return vec4f(weights[at.x], weights[at.y], weights[at.z], weights[at.w]);
}
