// From the counts of the Lovász-softmax to the weights of its errors, in place. With the buckets of a class from the
// largest error on, let F and B be the foreground and background of those before a bucket, F' and B' with the bucket
// included, and G the foreground of all. The Jaccard loss of the pixels so far is J = 1 − (G − F) / (G + B). A bucket
// raises it by what its pixels weigh together. Within a bucket, the weights are the means of those where its foreground
// comes first and where its background does:
//   foreground: (1/(G + B) + 1/(G + B')) / 2 each;  background: (G − (F + F')/2) / ((G + B)(G + B')) each.
// Their sum is exact, and a bucket of one pixel has the weight of the exact order. All weights are divided by the
// number of classes with foreground; those of a class without any are 0.
// Bindings: 0 table [2,C,BUCKETS], background first, of counts u32 read, then of weights f32 written · 1 run counts
// [2,C,RUNS] u32 read · 2 class counts [2,C] u32 read.
// Schedule: one invocation per run of LENGTH buckets, after a walk over the counts of the runs above it.
// Bound: 16 bytes per bucket.
#include lib/grid.wgsl

const CLASSES: u32 = 1u;
const RUNS: u32 = 1u;
const LENGTH: u32 = 1u;

@group(0) @binding(0) var<storage, read_write> table: array<u32>;
@group(0) @binding(1) var<storage, read> runCounts: array<u32>;
@group(0) @binding(2) var<storage, read> classCounts: array<u32>;

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
    let foreground = classCounts[CLASSES + other];
    pixels += foreground;
    present += select(0u, 1u, foreground > 0u);
  }
  // Background, foreground.
  let all = vec2u(classCounts[id], classCounts[CLASSES + id]);
  let apart = vec2u(0u, CLASSES * RUNS);
  var before = vec2u(0u);
  for (var above = run + 1u; above < RUNS; above++) {
    before += vec2u(runCounts[id * RUNS + above], runCounts[apart.y + id * RUNS + above]);
  }
  let share = select(0.0, 1.0 / f32(present), all.y > 0u);
  let total = f32(all.y);
  for (var step = 0u; step < LENGTH; step++) {
    let at = index * LENGTH + LENGTH - 1u - step + apart * LENGTH;
    var count = vec2u(table[at.x], table[at.y]);
    if (run == 0u && step == LENGTH - 1u) {
      count.x = pixels - all.x - all.y;
    }
    let after = before + count;
    let union0 = 1.0 / max(total + f32(before.x), 1.0);
    let union1 = 1.0 / max(total + f32(after.x), 1.0);
    let foreground = 0.5 * share * (union0 + union1);
    // Whole numbers are subtracted before they are rounded.
    let missing = f32(2u * all.y - before.y - after.y);
    let background = 0.5 * share * missing * union0 * union1;
    table[at.x] = bitcast<u32>(background);
    table[at.y] = bitcast<u32>(foreground);
    before = after;
  }
}
