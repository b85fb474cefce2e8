// Compares the key of each pixel with the low and the high bound of its list. It counts the keys below, on, between and
// above the bounds. It keeps the keys strictly between them: the candidates for the value at a rank (Floyd & Rivest,
// 1975).
// Bindings: 0 keys [n] read · 1 classes [n] read: the list of each key (UNRANKED and more: the list plus UNRANKED,
// counted but not ranked; with HAS_EMPTY, 2·UNRANKED − 1: no list, not counted), both as vec4u · 2 parameters [1 +
// 2·LISTS] read: n, then the low and the high bound of each list that has a threshold · 3 candidateKeys write
// · 4 candidateClasses write · 5 candidateCount [1] read-write · 6 tally [OUTCOMES, KEY_LISTS] read-write.
// What lies beyond the last pixel is not counted. Bindings 3 and 4 have the same length, and their order may be any.
// candidateCount also counts candidates for which there is no room. The tally holds sums of integers.
// Schedule: eight invocations walk side by side over 8 · RUN pixels, four pixels of each at a time. So what they read
// at one time is contiguous in memory. Each invocation counts in its own memory, and asks once for room for all that it
// keeps of KEPT pixels. On a software adapter an atomic costs as much as ten updates of private memory, and a branch
// that is not taken as much as one that is.
// Bound: 8 bytes per pixel, then private memory.
#include lib/grid.wgsl

// The lists that keys are in: one for each class, and with rings one for each class in each ring.
const KEY_LISTS: u32 = 1u;
// The lists that have a threshold: all, or one for the keys of all lists.
const LISTS: u32 = 1u;
// Must be below 1024, since a count has ten bits.
const RUN: u32 = 512u;
const KEPT: u32 = 64u;
const UNRANKED: u32 = 256u;
const HAS_EMPTY: bool = false;
// The outcomes are numbered: below the bounds, equal to the low one, between, equal to the high one, above, not ranked.
const OUTCOMES: u32 = 6u;
const BETWEEN: u32 = 2u;
const NOT_RANKED: u32 = 5u;

@group(0) @binding(0) var<storage, read> keys: array<vec4u>;
@group(0) @binding(1) var<storage, read> classes: array<vec4u>;
@group(0) @binding(2) var<storage, read> parameters: array<u32>;
@group(0) @binding(3) var<storage, read_write> candidateKeys: array<u32>;
@group(0) @binding(4) var<storage, read_write> candidateClasses: array<u32>;
@group(0) @binding(5) var<storage, read_write> candidateCount: array<atomic<u32>>;
@group(0) @binding(6) var<storage, read_write> tally: array<atomic<u32>>;

var<private> lows: array<u32, LISTS>;
var<private> highs: array<u32, LISTS>;
// One word holds the counts of three outcomes, since drivers compile large private arrays slowly.
var<private> counts: array<u32, 2u * KEY_LISTS>;
// The pixels whose keys are kept.
var<private> kept: array<u32, KEPT>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  for (var list = 0u; list < LISTS; list++) {
    lows[list] = parameters[1u + 2u * list];
    highs[list] = parameters[2u + 2u * list];
  }
  let pixels = parameters[0];
  let first = gridIndex(workgroup, workgroups, local / 8u, 8u) * (2u * RUN) + local % 8u;
  let end = min(first + 2u * RUN, (pixels + 3u) / 4u);
  for (var start = first; start < end; start += 2u * KEPT) {
    var keptCount = 0u;
    for (var quad = start; quad < min(start + 2u * KEPT, end); quad += 8u) {
      let key = keys[quad];
      let found = classes[quad];
      #unroll k in 0..4 {
        // What is in no list may count for any, as it counts 0.
        let id$k = select(found[$k] % UNRANKED, min(found[$k] % UNRANKED, KEY_LISTS - 1u), HAS_EMPTY);
        let isRanked$k = found[$k] < UNRANKED;
        let isCounted$k = !HAS_EMPTY | (found[$k] != 2u * UNRANKED - 1u);
        let isPixel$k = isCounted$k & (quad * 4u + $(k + 0)u < pixels);
        // A global threshold ranks the keys of all lists in one.
        let low$k = lows[min(id$k, LISTS - 1u)];
        let high$k = highs[min(id$k, LISTS - 1u)];
        // Where both bounds are equal, a key that equals them counts as equal to the high one.
        let isAboveLow$k = (key[$k] > low$k) | (key[$k] >= high$k);
        let place$k = u32(key[$k] >= low$k) + u32(isAboveLow$k) + u32(key[$k] >= high$k) + u32(key[$k] > high$k);
        let outcome$k = select(NOT_RANKED, place$k, isRanked$k);
        counts[outcome$k / 3u * KEY_LISTS + id$k] += u32(isPixel$k) << (outcome$k % 3u * 10u);
        // Stored in any case. The next pixel overwrites it unless it is counted as kept.
        kept[keptCount] = quad * 4u + $(k + 0)u;
        keptCount += u32((outcome$k == BETWEEN) & isPixel$k);
      }
    }
    keep(keptCount);
  }
  for (var id = 0u; id < KEY_LISTS; id++) {
    #unroll outcome in 0..OUTCOMES {
      let count$outcome = (counts[$(outcome + 0)u / 3u * KEY_LISTS + id] >> ($(outcome + 0)u % 3u * 10u)) & 1023u;
      if (count$outcome > 0u) {
        atomicAdd(&tally[$(outcome + 0)u * KEY_LISTS + id], count$outcome);
      }
    }
  }
}

fn keep(count: u32) {
  let start = atomicAdd(&candidateCount[0], count);
  let capacity = arrayLength(&candidateKeys);
  let room = min(count, capacity - min(start, capacity));
  for (var index = 0u; index < room; index++) {
    let pixel = kept[index];
    candidateKeys[start + index] = keys[pixel / 4u][pixel % 4u];
    candidateClasses[start + index] = classes[pixel / 4u][pixel % 4u];
  }
}
