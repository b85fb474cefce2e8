// Cuts the maps of pixel weights that belong to the crops of sample_images.wgsl. Output index i takes the nearest
// weight, at source index ⌊(2i + 1)·n_in / (2·n_out)⌋ in whole numbers. Beyond the scaled map the weight is 0.
// Bindings: 0 x [N,H,W] f32 read · 1 geometry [N,3] vec4f read: (scaledHeight, scaledWidth, top, left), (mirror, …),
// (height, width, …) · 2 y [N,h,w] f32 write.
// Schedule: one invocation per pixel of the output. Bound: 4 bytes read and 4 written per pixel.
#include lib/crop.wgsl
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const CROP_HEIGHT: u32 = 1u;
const CROP_WIDTH: u32 = 1u;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> geometry: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * CROP_HEIGHT * CROP_WIDTH) {
    return;
  }
  let place = cropPixel(index, 0u, CROP_HEIGHT, CROP_WIDTH, vec2u(HEIGHT, WIDTH));
  if (!place.isInside) {
    y[index] = 0.0;
    return;
  }
  y[index] = x[nearestPixel(place)];
}
