// Crops of soft label maps of four shares a pixel: y[n,c,i,j] = Σ_k w_k · share_c(k) / Σ_c Σ_k w_k · share_c(k) over
// the four pixels k around [top + i, left + j] in the map scaled to scaledHeight × scaledWidth, w their bilinear
// weights (half-pixel centres, no antialiasing). Where the geometry says so, only the nearest pixel counts, at source
// index ⌊(2i + 1)·n_in / (2·n_out)⌋, as in sample_labels.wgsl. Where all shares of the nearest pixel are 0, and beyond
// the scaled map, y is 0.
// Of a slice: ROWS rows of each crop from row FIRST_ROW on.
// Bindings: 0 x [N,H,W,3] read: the classes, in the bytes of a word, then their shares · 65535, two to a word
// · 1 geometry [N,3] vec4f read: (scaledHeight, scaledWidth, top, left), (mirror, …), (height, width, 1 if the nearest
// pixel counts, 0) · 2 y [N,h,w,C₄] vec4f write.
// Schedule: one invocation per pixel of the output. Bound: 5·3 words read and C/4 vec4f written per pixel.
#include lib/bilinear.wgsl
#include lib/crop.wgsl
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const CROP_WIDTH: u32 = 1u;
const VECTORS: u32 = 1u;
const FIRST_ROW: u32 = 0u;
const ROWS: u32 = 1u;

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> geometry: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

// The classes of a pixel.
fn idsAt(pixel: u32) -> vec4u {
  return (vec4u(x[3u * pixel]) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u);
}

// Their shares.
fn sharesAt(pixel: u32) -> vec4f {
  let low = x[3u * pixel + 1u];
  let high = x[3u * pixel + 2u];
  return vec4f(vec4u(low & 0xffffu, low >> 16u, high & 0xffffu, high >> 16u));
}

// The weighted shares of four classes among those of a pixel.
fn among(vector: u32, ids: vec4u, shares: vec4f) -> vec4f {
  let lanes = vec4u(4u * vector) + vec4u(0u, 1u, 2u, 3u);
  return select(vec4f(0.0), vec4f(shares.x), lanes == vec4u(ids.x)) + select(vec4f(0.0), vec4f(shares.y), lanes == vec4u(ids.y)) +
    select(vec4f(0.0), vec4f(shares.z), lanes == vec4u(ids.z)) + select(vec4f(0.0), vec4f(shares.w), lanes == vec4u(ids.w));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * ROWS * CROP_WIDTH) {
    return;
  }
  let place = cropPixel(index, FIRST_ROW, ROWS, CROP_WIDTH, vec2u(HEIGHT, WIDTH));
  let nearest = nearestPixel(place);
  if (!place.isInside || all(sharesAt(nearest) == vec4f(0.0))) {
    for (var v = 0u; v < VECTORS; v++) {
      y[index * VECTORS + v] = vec4f(0.0);
    }
    return;
  }
  let vertical = between(place.row, place.size.x, place.height, false);
  let horizontal = between(place.column, place.size.y, place.width, false);
  let top = place.start + vertical.low * place.size.y;
  let bottom = place.start + vertical.high * place.size.y;
  var pixels = vec4u(top + horizontal.low, top + horizontal.high, bottom + horizontal.low, bottom + horizontal.high);
  var weights = vec4f(
    (1.0 - vertical.weight) * vec2f(1.0 - horizontal.weight, horizontal.weight),
    vertical.weight * vec2f(1.0 - horizontal.weight, horizontal.weight),
  );
  if (geometry[3u * place.image + 2u].z > 0.5) {
    pixels = vec4u(nearest);
    weights = vec4f(1.0, 0.0, 0.0, 0.0);
  }
  let ids0 = idsAt(pixels.x);
  let ids1 = idsAt(pixels.y);
  let ids2 = idsAt(pixels.z);
  let ids3 = idsAt(pixels.w);
  let shares0 = weights.x * sharesAt(pixels.x);
  let shares1 = weights.y * sharesAt(pixels.y);
  let shares2 = weights.z * sharesAt(pixels.z);
  let shares3 = weights.w * sharesAt(pixels.w);
  let sums = (shares0 + shares1) + (shares2 + shares3);
  let total = (sums.x + sums.y) + (sums.z + sums.w);
  for (var v = 0u; v < VECTORS; v++) {
    let sum = (among(v, ids0, shares0) + among(v, ids1, shares1)) + (among(v, ids2, shares2) + among(v, ids3, shares3));
    // The nearest pixel weighs a quarter at least, so the total is above 0.
    y[index * VECTORS + v] = sum / total;
  }
}
