// Pseudo-labels: c* = arg max_c f32(score_c / λ_c), the first class on ties; 255 where the largest ratio is below 1, that is,
// where no score reaches its threshold (CBST, Zou et al. 2018, section 4; equality is kept, as in the released code).
// Bindings: 0 logits read · 1 views read · 2 prior read (see lib/class_scores.wgsl) · 3 thresholds λ [CLASSES] read, as vec4f,
// what lies beyond the last is not looked at · 4 labels [N,H,W] write, u8 in words of four · 5 counts [CLASSES] read-write:
// pixels given each class.
// Schedule: one invocation per RUN pixels that follow each other, which share the columns of logits beside them and are
// counted in its own memory. The quotients are compared approximately; the few pixels where two classes are nearer than their
// possible error are gone over again at the end, since a software adapter also executes what lies behind a branch that is not
// taken. Bound: as top_score, and a division per class.
#include lib/bilinear.wgsl
#include lib/class_scores.wgsl
#include lib/exact_quotient.wgsl
#include lib/grid.wgsl

// A multiple of four, at most 32.
const RUN: u32 = 32u;
const IGNORED: u32 = 255u;
const UNDECIDED: u32 = 256u;

@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read> views: array<vec4u>;
@group(0) @binding(2) var<storage, read> prior: array<vec4f>;
@group(0) @binding(3) var<storage, read> thresholds: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> labels: array<u32>;
@group(0) @binding(5) var<storage, read_write> counts: array<atomic<u32>>;

var<private> ownCounts: array<u32, CLASSES>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = gridIndex(workgroup, workgroups, local, 64u) * RUN;
  let end = min(first + RUN, PIXELS);
  var undecided = 0u;  // a bit for each pixel
  var packed = 0u;
  var pixel = first;
  while (pixel < end) {
    let image = pixel / (HEIGHT * WIDTH);
    let row = pixel / WIDTH % HEIGHT;
    let rowEnd = min(end, pixel - pixel % WIDTH + WIDTH);
    var column = pixel % WIDTH;
    enterStretch(image, row, column);
    loop {
      let label = assign(classScores(image, row, column));
      count(label);
      undecided |= u32(label == UNDECIDED) << (pixel - first);
      packed = insertBits(packed, label, 8u * (pixel % 4u), 8u);
      if (pixel % 4u == 3u || pixel + 1u == end) {
        labels[pixel / 4u] = packed;
      }
      pixel++;
      column++;
      if (pixel >= rowEnd || !staysInStretch(column)) { break; }
    }
  }
  while (undecided > 0u) {
    let bit = 31u - countLeadingZeros(undecided);
    undecided ^= 1u << bit;
    let again = first + bit;
    enterStretch(again / (HEIGHT * WIDTH), again / WIDTH % HEIGHT, again % WIDTH);
    let label = assignExactly(classScores(again / (HEIGHT * WIDTH), again / WIDTH % HEIGHT, again % WIDTH));
    count(label);
    labels[again / 4u] = insertBits(labels[again / 4u], label, 8u * (again % 4u), 8u);
  }
  for (var id = 0u; id < CLASSES; id++) {
    if (ownCounts[id] > 0u) {
      atomicAdd(&counts[id], ownCounts[id]);
    }
  }
}

fn count(label: u32) {
  ownCounts[min(label, CLASSES - 1u)] += u32(label < CLASSES);
}

fn assign(scores: array<vec4f, CLASS_VECTORS>) -> u32 {
  var isKept = false;
  var largest = vec4f(0.0);
  var quotients: array<vec4f, CLASS_VECTORS>;
  #unroll v in 0..CLASS_VECTORS {
    let threshold$v = thresholds[$(v + 0)u];
    isKept |= any((scores[$v] >= threshold$v) & isClass($(v + 0)u));
    quotients[$v] = select(vec4f(-1.0), scores[$v] / threshold$v, isClass($(v + 0)u));
    largest = max(largest, quotients[$v]);
  }
  // Twice the error that WGSL allows a division, on either side.
  let near = max(max(largest.x, largest.y), max(largest.z, largest.w)) * 0.999998;
  var candidates = 0u;
  var label = 0u;
  #unroll v in 0..CLASS_VECTORS {
    #unroll k in 0..4 {
      candidates += u32(quotients[$v][$k] >= near);
      label = select(label, $(v * 4 + k)u, quotients[$v][$k] >= near);
    }
  }
  return select(IGNORED, select(UNDECIDED, label, candidates == 1u), isKept);
}

// Where a score reaches its threshold.
fn assignExactly(scores: array<vec4f, CLASS_VECTORS>) -> u32 {
  var all = scores;
  var best = 0u;
  var label = IGNORED;
  for (var id = 0u; id < CLASSES; id++) {
    let quotient = exactQuotient(max(all[id / 4u][id % 4u], 0.0), thresholds[id / 4u][id % 4u]);
    label = select(label, id, quotient > best);
    best = max(best, quotient);
  }
  return label;
}
