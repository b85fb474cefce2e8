// From the counts of the Lovász-softmax to the weights of its errors, in place. With the buckets of a class from the
// largest error on, let F and B be the foreground and background of those before a bucket, F' and B' with the bucket
// included, and G the foreground of all. The Jaccard loss of the pixels so far is J = 1 − (G − F) / (G + B). A bucket
// raises it by what its pixels weigh together. Within a bucket, the weights are the means of those where its foreground
// comes first and where its background does:
//   foreground: (1/(G + B) + 1/(G + B')) / 2 each;  background: (G − (F + F')/2) / ((G + B)(G + B')) each.
// Their sum is exact, and a bucket of one pixel has the weight of the exact order. All weights are divided by the number
// of classes with foreground; those of a class without any are 0.
// Bindings: 0 table [C,BUCKETS] of counts vec2u read, then weights vec2f written · 1 run counts [C,RUNS] vec2u read ·
// 2 class counts [C] vec2u read.
// Schedule: one invocation per run of LENGTH buckets, after a walk over the counts of the runs above it.
// Bound: 16 bytes per bucket.
#include lib/grid.wgsl

const CLASSES: u32 = 1u;
const RUNS: u32 = 1u;
const LENGTH: u32 = 1u;

@group(0) @binding(0) var<storage, read_write> table: array<vec2u>;
@group(0) @binding(1) var<storage, read> runCounts: array<vec2u>;
@group(0) @binding(2) var<storage, read> classCounts: array<vec2u>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= CLASSES * RUNS) {
    return;
  }
  let id = index / RUNS;
  let run = index % RUNS;
  // Every pixel that counts is foreground once.
  var pixels = 0u;
  var present = 0u;
  for (var other = 0u; other < CLASSES; other++) {
    let foreground = classCounts[other].x;
    pixels += foreground;
    present += select(0u, 1u, foreground > 0u);
  }
  let all = classCounts[id];
  var before = vec2u(0u);
  for (var above = run + 1u; above < RUNS; above++) {
    before += runCounts[id * RUNS + above];
  }
  let share = select(0.0, 1.0 / f32(present), all.x > 0u);
  let total = f32(all.x);
  for (var step = 0u; step < LENGTH; step++) {
    let bucket = run * LENGTH + LENGTH - 1u - step;
    let at = index * LENGTH + LENGTH - 1u - step;
    var count = table[at];
    if (bucket == 0u) {
      count.y = pixels - all.x - all.y;
    }
    let after = before + count;
    let union0 = 1.0 / max(total + f32(before.y), 1.0);
    let union1 = 1.0 / max(total + f32(after.y), 1.0);
    let foreground = 0.5 * share * (union0 + union1);
    // Whole numbers are subtracted before they are rounded.
    let missing = f32(2u * all.x - before.x - after.x);
    let background = 0.5 * share * missing * union0 * union1;
    table[at] = vec2u(bitcast<u32>(foreground), bitcast<u32>(background));
    before = after;
  }
}
