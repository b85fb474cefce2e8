// Running statistics after a step: (1 − MOMENTUM)·running + MOMENTUM·batch. The batch's biased variance is made
// unbiased first.
// Bindings: 0 running · 1 batch [2, VECTORS] read (mean, biased variance) · 2 updated [2, VECTORS] write, as vec4f.
// Schedule: one invocation per vec4f of channels. Bound: nothing, the tensors are tiny.
#include lib/grid.wgsl

const VECTORS: u32 = 1u;
const MOMENTUM: f32 = 0.1f;
const UNBIASED: f32 = 1.0f;

@group(0) @binding(0) var<storage, read> running: array<vec4f>;
@group(0) @binding(1) var<storage, read> batch: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> updated: array<vec4f>;

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
  updated[vector] = (1.0 - MOMENTUM) * running[vector] + MOMENTUM * batch[vector];
  updated[VECTORS + vector] =
    (1.0 - MOMENTUM) * running[VECTORS + vector] + MOMENTUM * UNBIASED * batch[VECTORS + vector];
}
