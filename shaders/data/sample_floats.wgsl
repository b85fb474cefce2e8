// Crops of maps of floats: what sample_images.wgsl does for bytes, for images of floats and for soft labels.
// With BILINEAR, y[n,i,j] is the bilinear interpolation of x[n] at [top + i, left + j] in the map scaled to
// scaledHeight × scaledWidth (half-pixel centres, no antialiasing). Otherwise it is the nearest pixel, at source index
// ⌊(2i + 1)·n_in / (2·n_out)⌋ in whole numbers, as for label maps. Columns are counted from the right where mirrored.
// Beyond the scaled map y is 0.
// Of a slice: ROWS rows of each crop from row FIRST_ROW on.
// Bindings: 0 x [N,H,W,C₄] vec4f read · 1 geometry [N,3] vec4f read: (scaledHeight, scaledWidth, top, left),
// (mirror, …), (height, width, …) · 2 y [N,h,w,C₄] vec4f write.
// Schedule: one invocation per vec4f of the output. Bound: 4 vec4f read (1 where nearest) and 1 written per invocation.
#include lib/bilinear.wgsl
#include lib/crop.wgsl
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const CROP_WIDTH: u32 = 1u;
const VECTORS: u32 = 1u;
const BILINEAR: bool = true;
const FIRST_ROW: u32 = 0u;
const ROWS: u32 = 1u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> geometry: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * ROWS * CROP_WIDTH * VECTORS) {
    return;
  }
  let vector = index % VECTORS;
  let pixel = index / VECTORS;
  let place = cropPixel(pixel, FIRST_ROW, ROWS, CROP_WIDTH, vec2u(HEIGHT, WIDTH));
  if (!place.isInside) {
    y[index] = vec4f(0.0);
    return;
  }
  if (!BILINEAR) {
    y[index] = x[nearestPixel(place) * VECTORS + vector];
    return;
  }
  let vertical = between(place.row, place.size.x, place.height, false);
  let horizontal = between(place.column, place.size.y, place.width, false);
  let upper = mixed(
    at(place, vertical.low, horizontal.low, vector),
    at(place, vertical.low, horizontal.high, vector),
    horizontal.weight,
  );
  let lower = mixed(
    at(place, vertical.high, horizontal.low, vector),
    at(place, vertical.high, horizontal.high, vector),
    horizontal.weight,
  );
  y[index] = mixed(upper, lower, vertical.weight);
}

fn at(place: CropPixel, row: u32, column: u32, vector: u32) -> vec4f {
  return x[(place.start + row * place.size.y + column) * VECTORS + vector];
}

// Exactly `a` where the weight is 0, which the built-in mix does not promise.
fn mixed(a: vec4f, b: vec4f, weight: f32) -> vec4f {
  return a + weight * (b - a);
}
