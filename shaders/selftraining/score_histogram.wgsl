// One pass of the exact selection: a histogram, per class, of BITS bits of the keys whose higher bits are the class's prefix.
// Bindings: 0 keys [N,H,W] read · 1 classes [N,H,W] read (256 and more: not ranked) · 2 prefixes [LISTS] read ·
// 3 histograms [LISTS, 2^BITS] read-write, u32 atomics: sums of integers do not depend on their order · 4 totals [512]
// read-write: ranked pixels of each class, and from 256 on those that are not ranked.
// Schedule: one invocation per pixel. Bound: atomics.
#include lib/grid.wgsl

const PIXELS: u32 = 1u;
const LISTS: u32 = 1u;
const SHIFT: u32 = 21u;
const BITS: u32 = 11u;
const FIRST_PASS: bool = true;
const UNSAMPLED: u32 = 256u;

@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read> classes: array<u32>;
@group(0) @binding(2) var<storage, read> prefixes: array<u32>;
@group(0) @binding(3) var<storage, read_write> histograms: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read_write> totals: array<atomic<u32>>;

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
  let found = classes[pixel];
  if (FIRST_PASS) {
    atomicAdd(&totals[found], 1u);
  }
  if (found >= UNSAMPLED) {
    return;
  }
  // A global threshold ranks all classes in one list.
  let list = min(found, LISTS - 1u);
  let key = keys[pixel];
  if (FIRST_PASS || ((key >> SHIFT) >> BITS) == prefixes[list]) {
    atomicAdd(&histograms[(list << BITS) + ((key >> SHIFT) & ((1u << BITS) - 1u))], 1u);
  }
}
