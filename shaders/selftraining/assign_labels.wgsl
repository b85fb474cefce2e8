// Pseudo-labels of every pixel by the class thresholds λ (CBST, Zou et al. 2018, section 4). The label is the class
// with the largest ratio f32(score_c / λ_c), the first on ties. Where the largest ratio is below 1, no score reaches
// its threshold, and the label is 255, ignored. A ratio of exactly 1 is kept, as in the released code.
// Bindings: 0 logits read · 1 views read · 2 prior read (see lib/class_score_inputs.wgsl) · 3 thresholds λ [CLASSES]
// read, as vec4f, with rings for each ring; lanes beyond the last class are not looked at · 4 labels [N,H,W] write,
// bytes, four to a word · 5 counts [CLASSES] read-write: pixels that got each class · with empty pixels, which are
// ignored, 6 zones read (see lib/zones.wgsl).
// Schedule: one invocation labels RUN pixels that follow each other. They share the columns of logits beside them, and
// the invocation counts their classes in its own memory.
// Ratios are first compared by an ordinary division, which may be slightly off. Where two classes are nearer to each
// other than that error, the pixel is marked. The few marked pixels are decided by exact division at the end. They come
// last, because a software adapter also executes a branch that is not taken.
// Bound: as top_score, and a division per class.
#include lib/bilinear.wgsl
#include SCORES
#include ZONES
#include ASSIGN
#include lib/exact_quotient.wgsl
#include lib/grid.wgsl

// Must be a multiple of four and at most 32.
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
  let rows = labelRows();
  let columns = labelColumns();
  let end = min(first + RUN, labelPixels());
  var undecided = 0u;  // a bit for each pixel
  var packed = 0u;
  var pixel = first;
  while (pixel < end) {
    let image = pixel / (rows * columns);
    let row = pixel / columns % rows;
    let rowEnd = min(end, pixel - pixel % columns + columns);
    var column = pixel % columns;
    enterStretch(image, row, column);
    loop {
      enterZone(pixel);
      let label = select(IGNORED, assignPixel(image, row, column), isFilled(pixel));
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
    enterStretch(again / (rows * columns), again / columns % rows, again % columns);
    enterZone(again);
    let label = assignExactly(again / (rows * columns), again / columns % rows, again % columns);
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
