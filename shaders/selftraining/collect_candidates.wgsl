// Sorts the keys of pixels into those above, on, between and below the two bounds of their list, counts each, and keeps those
// between: the candidates for the value at a rank (Floyd & Rivest, 1975).
// Bindings: 0 keys [PIXELS] read · 1 classes [PIXELS] read (256 and more: class − 256, not ranked), both as vec4u, what lies
// beyond the last pixel is not looked at · 2 bounds [LISTS] read: (low, high) · 3 candidateKeys write · 4 candidateClasses
// write, as long; both in any order · 5 candidateCount [1] read-write, also counts what no longer fits ·
// 6 tally [OUTCOMES, CLASSES] read-write, sums of integers in any order.
// Schedule: a workgroup counts its PIXELS_PER_GROUP pixels in its own memory first; four neighbours of a kind, which most are,
// count at once. Bound: its atomics.
#include lib/grid.wgsl

const PIXELS: u32 = 1u;
const CLASSES: u32 = 1u;
const LISTS: u32 = 1u;
const PIXELS_PER_GROUP: u32 = 4096u;
// Above the bounds, equal to the high one, between, equal to the low one, below, not ranked.
const OUTCOMES: u32 = 6u;
const BETWEEN: u32 = 2u;
const UNRANKED: u32 = 256u;

@group(0) @binding(0) var<storage, read> keys: array<vec4u>;
@group(0) @binding(1) var<storage, read> classes: array<vec4u>;
@group(0) @binding(2) var<storage, read> bounds: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> candidateKeys: array<u32>;
@group(0) @binding(4) var<storage, read_write> candidateClasses: array<u32>;
@group(0) @binding(5) var<storage, read_write> candidateCount: array<atomic<u32>>;
@group(0) @binding(6) var<storage, read_write> tally: array<atomic<u32>>;

var<workgroup> counts: array<atomic<u32>, OUTCOMES * CLASSES>;

// Outcome of a key with these bounds, times CLASSES, plus its class.
fn placeOf(key: u32, found: u32, bound: vec2u) -> u32 {
  var outcome = select(select(BETWEEN, 3u, key == bound.x), 1u, key == bound.y);
  outcome = select(outcome, 0u, key > bound.y);
  outcome = select(outcome, 4u, key < bound.x);
  outcome = select(outcome, 5u, found >= UNRANKED);
  return outcome * CLASSES + found % UNRANKED;
}

// A global threshold ranks all classes in one list.
fn boundsOf(found: u32) -> vec2u {
  return bounds[min(found % UNRANKED, LISTS - 1u)];
}

fn isBetween(place: u32) -> bool {
  return place >= BETWEEN * CLASSES && place < (BETWEEN + 1u) * CLASSES;
}

fn keep(key: u32, place: u32) {
  let free = atomicAdd(&candidateCount[0], 1u);
  if (free < arrayLength(&candidateKeys)) {
    candidateKeys[free] = key;
    candidateClasses[free] = place - BETWEEN * CLASSES;
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = gridIndex(workgroup, workgroups, 0u, PIXELS_PER_GROUP);
  let end = min(first + PIXELS_PER_GROUP, PIXELS);
  for (var pixel = first + 4u * local; pixel < end; pixel += 256u) {
    let found = classes[pixel / 4u];
    let key = keys[pixel / 4u];
    let bound = boundsOf(found.x);
    let one = placeOf(key.x, found.x, bound);
    if (pixel + 4u <= end && all(found == found.xxxx) && one == placeOf(key.y, found.x, bound) &&
      one == placeOf(key.z, found.x, bound) && one == placeOf(key.w, found.x, bound)) {
      atomicAdd(&counts[one], 4u);
      if (isBetween(one)) {
        #unroll k in 0..4 { keep(key[$k], one); }
      }
    } else {
      for (var k = 0u; k < min(4u, end - pixel); k++) {
        let place = placeOf(key[k], found[k], boundsOf(found[k]));
        atomicAdd(&counts[place], 1u);
        if (isBetween(place)) {
          keep(key[k], place);
        }
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
