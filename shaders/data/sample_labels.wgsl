// Cuts the label maps that belong to the crops of sample_images.wgsl. Output index i takes the nearest label, at source
// index ⌊(2i + 1)·n_in / (2·n_out)⌋ in whole numbers. Beyond the scaled image the label is 255.
// Bindings: 0 x [N,H,W] read, bytes, four to a word · 1 geometry [N,3] vec4f read: (scaledHeight, scaledWidth, top,
// left), (mirror, …), (height, width, …) · 2 y [N,h,w] write, bytes, four to a word. Bytes beyond the last label are 0.
// Schedule: one invocation per word of four labels, which may lie in two rows or images. Bound: 4 words read per word
// written.
#include lib/crop.wgsl
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const CROP_HEIGHT: u32 = 1u;
const CROP_WIDTH: u32 = 1u;

const LABELS = BATCH * CROP_HEIGHT * CROP_WIDTH;

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> geometry: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

fn label(index: u32) -> u32 {
  if (index >= LABELS) {
    return 0u;
  }
  let place = cropPixel(index, 0u, CROP_HEIGHT, CROP_WIDTH, vec2u(HEIGHT, WIDTH));
  if (!place.isInside) {
    return 255u;
  }
  let source = nearestPixel(place);
  return (x[source / 4u] >> (8u * (source % 4u))) & 255u;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let word = gridIndex(workgroup, workgroups, local, 64u);
  if (word >= (LABELS + 3u) / 4u) {
    return;
  }
  let first = 4u * word;
  y[word] = label(first) | (label(first + 1u) << 8u) | (label(first + 2u) << 16u) | (label(first + 3u) << 24u);
}
