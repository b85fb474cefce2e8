// The scores of every class at a run of pixels, one class after the other: y[c, i] = score of class c at pixel
// first + i.
// Bindings: 0 logits read · 1 views read · 2 prior read (see lib/class_score_inputs.wgsl) · 3 range [2] read: first
// pixel and number of pixels n · 4 y [CLASSES, n] write, f32.
// Schedule: one invocation per pixel, so that neighbours write neighbours. Bound: as top_score, and 4·C bytes per
// pixel.
#include lib/bilinear.wgsl
#include SCORES
#include WRITE
#include lib/grid.wgsl

@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read> views: array<vec4u>;
@group(0) @binding(2) var<storage, read> prior: array<vec4f>;
@group(0) @binding(3) var<storage, read> range: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  let count = range[1];
  if (index >= count) {
    return;
  }
  let pixel = range[0] + index;
  let columns = labelColumns();
  let image = pixel / (labelRows() * columns);
  let row = pixel / columns % labelRows();
  enterStretch(image, row, pixel % columns);
  writeScores(index, image, row, pixel % columns);
}
