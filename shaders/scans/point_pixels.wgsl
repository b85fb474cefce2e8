// The pixel and the range of each point of a batch of scans. With φ the angle of (x, y), turned clockwise from −x by
// the rule of angles, counter-clockwise from x by that of rings, from 0 to 1:
// column = ⌊WIDTH · φ⌋, rolled, and counted from the right in a mirrored view;
// row = ⌊(up − elevation) · HEIGHT / (up − down)⌋, or ⌊(rings − 1 − ring) · HEIGHT / rings⌋, both kept in the image;
// range = |xyz|, or hypot(x, y) by the rule of rings.
// y[n,p] = (row · WIDTH + column, bits of the range), or (0xffffffff, 0) without a pixel.
// Bindings: 0 points [N,CAPACITY · 5] u32 read · 1 geometry [N,7] vec4f read, see src/ops/scans/geometry.ts · 2 y
// [N,CAPACITY,2] u32 write.
// Schedule: one invocation per point. Bound: arithmetic, about 600 operations on whole numbers a point, most of them the
// products of two arctangents and a length, which are computed in whole numbers (lib/exact_angle.wgsl).
#include lib/exact_angle.wgsl
#include lib/grid.wgsl
#include lib/random.wgsl
#include lib/scan_geometry.wgsl

const BATCH: u32 = 1u;
const CAPACITY: u32 = 1u;
const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;

@group(0) @binding(0) var<storage, read> points: array<u32>;
@group(0) @binding(1) var<storage, read> geometry: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec2u>;

const NONE = vec2u(0xffffffffu, 0u);
const SIGN = 0x80000000u;
const INFINITE = 0x7f800000u;
// A quarter of a turn, in eighths times 2^28.
const QUARTER = 0x20000000;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * CAPACITY) {
    return;
  }
  let scan = index / CAPACITY;
  y[index] = pixelOf(scan, index % CAPACITY);
}

fn pixelOf(scan: u32, point: u32) -> vec2u {
  let rule = geometry[7u * scan];
  if (point >= u32(rule.x) || isDropped(scan, point)) {
    return NONE;
  }
  let start = pointStart(scan, point);
  let raw = pointBits(start);
  let sizes = raw & vec3u(~SIGN);
  let largest = max(max(sizes.x, sizes.y), max(sizes.z, points[start + 3u] & ~SIGN));
  if (largest >= INFINITE || all(sizes == vec3u(0u))) {
    return NONE;
  }
  // Lengths are positive, so their bits have their order.
  if (rule.w > 0.0 && exactLength(vec3u(sizes.xy, 0u)) < bitcast<u32>(rule.w)) {
    return NONE;
  }
  let place = bitcast<vec3u>(movedPoint(scan, raw));
  let absolute = place & vec3u(~SIGN);
  let isRing = seesRings(scan);
  let rings = u32(geometry[7u * scan + 6u].x);
  let horizontal = exactLength(vec3u(absolute.xy, 0u));
  var range = horizontal;
  if (!isRing) {
    range = exactLength(absolute);
  }
  var row = 0u;
  if (rings > 0u) {
    let ring = bitcast<f32>(points[start + 4u]);
    if (!(ring >= 0.0 && ring < f32(rings))) {
      return NONE;
    }
    row = (rings - 1u - u32(ring)) * HEIGHT / rings;
  } else {
    row = elevationRow(scan, absolute.z, horizontal, place.z != absolute.z);
  }
  if (range >= INFINITE) {
    return NONE;
  }
  return vec2u(min(row, HEIGHT - 1u) * WIDTH + columnOf(scan, place.xy, isRing), range);
}

// Whether the plan leaves a point out.
fn isDropped(scan: u32, point: u32) -> bool {
  let below = u32(geometry[7u * scan + 4u].x);
  if (below == 0u) {
    return false;
  }
  let key = geometry[7u * scan + 3u];
  let bits = philox(vec2u(wholeOf(key.xy), wholeOf(key.zw)), vec4u(point, 0u, 0u, 0u)).x;
  return (bits >> 8u) < below;
}

// The row of an elevation, of which the rise and the run are given as bits.
fn elevationRow(scan: u32, rise: u32, run: u32, isBelow: bool) -> u32 {
  let field = geometry[7u * scan + 1u];
  let eighths = i32(eighthTurn(min(rise, run), max(rise, run)) >> 3u);
  let upwards = select(eighths, QUARTER - eighths, rise > run);
  let fromTop = i32(wholeOf(field.xy)) - select(upwards, -upwards, isBelow);
  if (fromTop < 0) {
    return 0u;
  }
  return multiplyHigh(u32(fromTop), wholeOf(field.zw)) >> u32(geometry[7u * scan + 2u].x - 4.0);
}

fn columnOf(scan: u32, place: vec2u, isRing: bool) -> u32 {
  let sizes = place & vec2u(~SIGN);
  if (all(sizes < vec2u(0x800000u))) {
    // Straight above or below the sensor: the angle of (+0, +0).
    return finalColumn(scan, select(WIDTH / 2u, 0u, isRing));
  }
  // The eighth of the turn, from 0 to 7, and the place in it. The rule of angles is that of rings, seen in a mirror.
  let fraction = eighthTurn(min(sizes.x, sizes.y), max(sizes.x, sizes.y));
  var turn = select(vec2u(0u, fraction), vec2u(1u, 0x80000000u - fraction), sizes.y > sizes.x);
  let isLeft = (place.x != sizes.x) == isRing;
  if (isLeft) {
    turn = vec2u(3u - turn.x, 0x80000000u - turn.y);
  }
  // atan2(−0, x) is −0 or −π. By the rule of angles, −π is the last column; by that of rings, −0 is the first.
  if (place.y != sizes.y && (sizes.y > 0u || !isRing)) {
    turn = vec2u(7u - turn.x, 0x80000000u - turn.y);
  }
  let part = (multiplyHigh(WIDTH, turn.y) << 1u) | ((WIDTH * turn.y) >> 31u);
  return finalColumn(scan, min((WIDTH * turn.x + part) >> 3u, WIDTH - 1u));
}

fn finalColumn(scan: u32, column: u32) -> u32 {
  let view = geometry[7u * scan + 2u];
  let rolled = (column + u32(view.z)) % WIDTH;
  return select(rolled, WIDTH - 1u - rolled, view.y == 1.0);
}
