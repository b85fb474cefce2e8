// Labels of points from those of pixels: y[n,k] = the label that POST gives point k of scan n from the pixels around
// its own; 255 where the point has no pixel. The range of a pixel is that of the point that won it.
// Bindings: 0 labels [N,H,W] read, bytes, four to a word, each scan STRIDE bytes behind the one before · 1 winner
// [N,H,W] u32 read: the index of the point of each pixel, NO_POINT where empty · 2 pixels [N,CAPACITY,2] u32 read: the
// pixel of each point, NO_POINT where it has none, and the bits of its range · 3 y [N,CAPACITY] write, bytes, four to a
// word.
// Schedule: one invocation per word, of four points. Bound: the loads of a point's window, 3 for each of 25 pixels;
// with the nearest-range filter only hidden points look at a window, a fifth of all.
#include lib/grid.wgsl
#include lib/no_point.wgsl

const BATCH: u32 = 1u;
const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const STRIDE: u32 = 4u;
// Points that there is room for in a scan, a multiple of four.
const CAPACITY: u32 = 4u;
// Only for tests: whether places beyond the edge take part, with range 0 and label 0, and empty pixels with range -1,
// as in the published code.
const PADDED: bool = false;

@group(0) @binding(0) var<storage, read> labels: array<u32>;
@group(0) @binding(1) var<storage, read> winner: array<u32>;
@group(0) @binding(2) var<storage, read> pixels: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> y: array<u32>;

fn labelAt(scan: u32, pixel: u32) -> u32 {
  let byte = scan * STRIDE + pixel;
  return extractBits(labels[byte / 4u], 8u * (byte % 4u), 8u);
}

// The range of a point.
fn rangeOf(scan: u32, point: u32) -> f32 {
  return bitcast<f32>(pixels[scan * CAPACITY + point].y);
}

// A place of a window: its range and its label. It takes part where `isThere`.
struct Neighbour {
  isThere: bool,
  range: f32,
  label: u32,
}

fn neighbourAt(scan: u32, row: i32, column: i32) -> Neighbour {
  if (row < 0 || row >= i32(HEIGHT) || column < 0 || column >= i32(WIDTH)) {
    return Neighbour(PADDED, 0.0, 0u);
  }
  let pixel = u32(row) * WIDTH + u32(column);
  let point = winner[scan * HEIGHT * WIDTH + pixel];
  if (point == NO_POINT) {
    return Neighbour(PADDED, -1.0, labelAt(scan, pixel));
  }
  return Neighbour(true, rangeOf(scan, point), labelAt(scan, pixel));
}

#include POST

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let word = gridIndex(workgroup, workgroups, local, 64u);
  if (word >= BATCH * CAPACITY / 4u) {
    return;
  }
  let scan = 4u * word / CAPACITY;
  var packed = 0u;
  for (var byte = 0u; byte < 4u; byte++) {
    let point = pixels[4u * word + byte];
    var label = 255u;
    if (point.x < HEIGHT * WIDTH) {
      label = pointLabel(scan, point.x, bitcast<f32>(point.y));
    }
    packed = insertBits(packed, label, 8u * byte, 8u);
  }
  y[word] = packed;
}
