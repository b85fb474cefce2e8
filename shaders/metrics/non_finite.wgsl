// Counts values that are infinite or not a number. These are the values whose exponent bits are all ones. Comparing a
// value with itself would not find them, as compilers may assume that every value is a number.
// Bindings: 0 values [VALUES] read, the bits of f32 as vec4u · 1 count u32, read and added to.
// Schedule: an invocation reads VECTORS_PER_INVOCATION vec4u. It touches the counter only if it finds something. Sums
// of whole numbers do not depend on their order. Bound: 4 bytes per value.
#include lib/grid.wgsl

const VALUES: u32 = 4u;
const VECTORS_PER_INVOCATION: u32 = 16u;

const VECTORS = (VALUES + 3u) / 4u;

@group(0) @binding(0) var<storage, read> values: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> count: atomic<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  let first = index / 64u * 64u * VECTORS_PER_INVOCATION + index % 64u;
  var found = vec4u(0u);
  for (var i = 0u; i < VECTORS_PER_INVOCATION; i++) {
    let vector = first + 64u * i;
    if (vector < VECTORS) {
      let exponents = values[vector] & vec4u(0x7f800000u);
      let counted = 4u * vector + vec4u(0u, 1u, 2u, 3u) < vec4u(VALUES);
      found += select(vec4u(0u), vec4u(1u), (exponents == vec4u(0x7f800000u)) & counted);
    }
  }
  let sum = found.x + found.y + found.z + found.w;
  if (sum > 0u) {
    atomicAdd(&count, sum);
  }
}
