// One pass of the exact radix selection: a histogram, for each list, of the next BITS bits of its keys. The list's
// lowest key is subtracted from a key first. Only keys whose higher bits equal the list's prefix count, that is, the
// bits that earlier passes have found.
// Bindings: 0 keys [n] read · 1 classes [n] read (UNRANKED and more: not ranked) · 2 parameters [1 + 2·LISTS] read: n,
// the prefix of each list, the lowest key of each list · 3 histograms [LISTS, 2^BITS] read-write, u32 atomics. Sums of
// integers do not depend on their order.
// Schedule: one invocation per pixel. Bound: atomics.
#include lib/grid.wgsl

const LISTS: u32 = 1u;
const SHIFT: u32 = 21u;
const BITS: u32 = 11u;
const UNRANKED: u32 = 256u;

@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read> classes: array<u32>;
@group(0) @binding(2) var<storage, read> parameters: array<u32>;
@group(0) @binding(3) var<storage, read_write> histograms: array<atomic<u32>>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let pixel = gridIndex(workgroup, workgroups, local, 64u);
  if (pixel >= parameters[0] || classes[pixel] >= UNRANKED) {
    return;
  }
  // A global threshold ranks all classes in one list.
  let list = min(classes[pixel], LISTS - 1u);
  let key = keys[pixel] - parameters[1u + LISTS + list];
  // Two shifts, because a shift by 32 bits would shift by none. Before the first pass every prefix is 0.
  if (((key >> SHIFT) >> BITS) == parameters[1u + list]) {
    atomicAdd(&histograms[(list << BITS) + ((key >> SHIFT) & ((1u << BITS) - 1u))], 1u);
  }
}
