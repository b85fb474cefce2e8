// Prediction: the class of the largest score of each pixel, the first on ties. TOP says how it is found: among the
// network's classes, or among those that they are merged into.
// Bindings: 0 logits read · 1 views read · 2 prior read (see lib/class_score_inputs.wgsl) · 3 labels [N,H,W] write,
// bytes, four to a word · with merged classes 4 merges read (see lib/top_merged.wgsl).
// Schedule: one invocation takes RUN pixels that follow each other. They share the columns of logits beside them.
// Bound: with one view, whose logits are compared as they are, C/4 vec4f of arithmetic per pixel; else as top_score. C
// classes merged into M add C·M/4 selections of a vec4f.
#include lib/bilinear.wgsl
#include SCORES
#include TOP
#include lib/grid.wgsl

// A multiple of four.
const RUN: u32 = 32u;

@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read> views: array<vec4u>;
@group(0) @binding(2) var<storage, read> prior: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> labels: array<u32>;

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
  var packed = 0u;
  var pixel = first;
  while (pixel < end) {
    let image = pixel / (rows * columns);
    let row = pixel / columns % rows;
    let rowEnd = min(end, pixel - pixel % columns + columns);
    var column = pixel % columns;
    enterStretch(image, row, column);
    loop {
      packed = insertBits(packed, bestClass(image, row, column), 8u * (pixel % 4u), 8u);
      if (pixel % 4u == 3u || pixel + 1u == end) {
        labels[pixel / 4u] = packed;
      }
      pixel++;
      column++;
      if (pixel >= rowEnd || !staysInStretch(column)) { break; }
    }
  }
}
