// Sorts the keys of pixels into those above, on, between and below the two bounds of their list, counts each, and keeps those
// between: the candidates for the value at a rank (Floyd & Rivest, 1975).
// Bindings: 0 keys [PIXELS] read · 1 classes [PIXELS] read (256 and more: class − 256, not ranked) · 2 bounds [LISTS] read:
// (low, high) · 3 candidateKeys [CAPACITY] write · 4 candidateClasses [CAPACITY] write; both in any order · 5 candidateCount [1]
// read-write, also counts what no longer fits · 6 tally [OUTCOMES, CLASSES] read-write, sums of integers in any order.
// Schedule: a workgroup counts its PIXELS_PER_GROUP pixels in its own memory first. Bound: its atomics.
#include lib/grid.wgsl

const PIXELS: u32 = 1u;
const CLASSES: u32 = 1u;
const LISTS: u32 = 1u;
const CAPACITY: u32 = 1u;
const PIXELS_PER_GROUP: u32 = 4096u;
// Above the bounds, equal to the high one, between, equal to the low one, below, not ranked.
const OUTCOMES: u32 = 6u;
const BETWEEN: u32 = 2u;
const UNRANKED: u32 = 256u;

@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read> classes: array<u32>;
@group(0) @binding(2) var<storage, read> bounds: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> candidateKeys: array<u32>;
@group(0) @binding(4) var<storage, read_write> candidateClasses: array<u32>;
@group(0) @binding(5) var<storage, read_write> candidateCount: array<atomic<u32>>;
@group(0) @binding(6) var<storage, read_write> tally: array<atomic<u32>>;

var<workgroup> counts: array<atomic<u32>, OUTCOMES * CLASSES>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = gridIndex(workgroup, workgroups, 0u, PIXELS_PER_GROUP);
  let end = min(first + PIXELS_PER_GROUP, PIXELS);
  for (var pixel = first + local; pixel < end; pixel += 64u) {
    let found = classes[pixel];
    let id = found % UNRANKED;
    let key = keys[pixel];
    // A global threshold ranks all classes in one list.
    let bound = bounds[min(id, LISTS - 1u)];
    let onOrBelowHigh = select(select(BETWEEN, 3u, key == bound.x), 1u, key == bound.y);
    var outcome = select(onOrBelowHigh, 0u, key > bound.y);
    outcome = select(outcome, 4u, key < bound.x);
    outcome = select(outcome, 5u, found >= UNRANKED);
    atomicAdd(&counts[outcome * CLASSES + id], 1u);
    if (outcome == BETWEEN) {
      let place = atomicAdd(&candidateCount[0], 1u);
      if (place < CAPACITY) {
        candidateKeys[place] = key;
        candidateClasses[place] = id;
      }
    }
  }
  workgroupBarrier();
  for (var index = local; index < OUTCOMES * CLASSES; index += 64u) {
    let count = atomicLoad(&counts[index]);
    if (count > 0u) {
      atomicAdd(&tally[index], count);
    }
  }
}
