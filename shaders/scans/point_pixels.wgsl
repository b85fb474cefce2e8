// The pixel and the range of each point of a batch of scans. With φ the angle of (x, y), turned clockwise from −x by
// the rule of angles, counter-clockwise from x by that of rings, from 0 to 1:
// column = ⌊WIDTH · φ⌋, rolled, and counted from the right in a mirrored view;
// row = ⌊(up − elevation) · HEIGHT / (up − down)⌋, or ⌊(rings − 1 − ring) · HEIGHT / rings⌋, both kept in the image;
// range = |xyz|, or hypot(x, y) by the rule of rings.
// y[n,p] = (row · WIDTH + column, bits of the range), or (NO_POINT, 0) without a pixel.
// Bindings: 0 points [N,CAPACITY · 5] u32 read · 1 geometry [N,7] vec4f read, see src/ops/scans/geometry.ts · 2 y
// [N,CAPACITY,2] u32 write · 3 only with lib/keep_nearest.wgsl.
// Schedule: a workgroup takes 64 · STEPS neighbouring points of a scan, an invocation every 64th of them, so that it
// reads the geometry once. Nothing branches but on the number of points: on a software adapter both sides of a branch
// cost their time. Bound: on a GPU 28 bytes a point; on a software adapter the 7 loads and stores of a point, each lane
// by itself, and 500 operations on whole numbers: two arctangents and two lengths (lib/exact_angle.wgsl).
#include lib/exact_angle.wgsl
#include lib/grid.wgsl
#include lib/no_point.wgsl
#include NEAREST
#include lib/random.wgsl
#include lib/scan_geometry.wgsl
#include lib/whole_number.wgsl

const BATCH: u32 = 1u;
const CAPACITY: u32 = 1u;
const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const STEPS: u32 = 8u;
const MOVES: bool = true;

const BLOCKS = (CAPACITY + 64u * STEPS - 1u) / (64u * STEPS);
const SIGN = 0x80000000u;
const INFINITE = 0x7f800000u;
// A quarter of a turn, in eighths times 2^28.
const QUARTER = 0x20000000;

@group(0) @binding(0) var<storage, read> points: array<u32>;
@group(0) @binding(1) var<storage, read> geometry: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec2u>;

// What is the same for all points of a scan.
struct Scan {
  first: u32,
  points: u32,
  words: u32,
  isRing: bool,
  nearest: u32,
  rings: f32,
  up: i32,
  rowScale: u32,
  rowShift: u32,
  isMirrored: bool,
  roll: u32,
  isMoved: bool,
  factors: vec4f,
  shift: vec3f,
  dropped: u32,
  key: vec2u,
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let block = gridIndex(workgroup, workgroups, 0u, 1u);
  if (block >= BATCH * BLOCKS) {
    return;
  }
  let index = block / BLOCKS;
  let scan = scanOf(index);
  let first = block % BLOCKS * 64u * STEPS + local;
  for (var point = first; point < min(first + 64u * STEPS, CAPACITY); point += 64u) {
    let found = pixelOf(scan, point);
    y[index * CAPACITY + point] = found;
    keepNearest(index, found);
  }
}

fn scanOf(index: u32) -> Scan {
  let rule = geometry[7u * index];
  let field = geometry[7u * index + 1u];
  let view = geometry[7u * index + 2u];
  let key = geometry[7u * index + 3u];
  let shift = geometry[7u * index + 4u];
  let other = geometry[7u * index + 6u];
  var scan: Scan;
  scan.first = 5u * CAPACITY * index;
  scan.points = u32(rule.x);
  scan.words = u32(rule.y);
  scan.isRing = rule.z == 1.0;
  scan.nearest = bitcast<u32>(rule.w);
  scan.rings = other.x;
  scan.up = i32(wholeOf(field.xy));
  scan.rowScale = wholeOf(field.zw);
  scan.rowShift = u32(view.x - 4.0);
  scan.isMirrored = view.y == 1.0;
  scan.roll = u32(view.z);
  scan.isMoved = other.y == 1.0;
  scan.factors = geometry[7u * index + 5u];
  scan.shift = shift.yzw;
  scan.dropped = u32(shift.x);
  scan.key = vec2u(wholeOf(key.xy), wholeOf(key.zw));
  return scan;
}

fn pixelOf(scan: Scan, point: u32) -> vec2u {
  let start = scan.first + point * scan.words;
  let raw = pointBits(start);
  let ring = select(0.0, bitcast<f32>(points[start + 4u]), scan.rings > 0.0);
  var place = raw;
  if (MOVES) {
    place = select(raw, bitcast<vec3u>(moved(scan.factors, scan.shift, bitcast<vec3f>(raw))), vec3<bool>(scan.isMoved));
  }
  let sizes = place & vec3u(~SIGN);
  let run = exactLength(vec3u(sizes.xy, 0u));
  let range = select(exactLength(sizes), run, scan.isRing);
  let row = select(
    elevationRow(scan, sizes.z, run, place.z != sizes.z),
    // Exact: the numerator is a whole number below 2^24, and a quotient that is no whole number is far from one.
    u32(max((scan.rings - 1.0 - floor(ring)) * f32(HEIGHT) + 0.5, 0.0) / max(scan.rings, 1.0)),
    scan.rings > 0.0,
  );
  let pixel = min(row, HEIGHT - 1u) * WIDTH + columnOf(scan, place.xy);
  let isShown = point < scan.points && !(MOVES && isDropped(scan, point)) && isSeen(scan, raw, points[start + 3u], run) &&
    range < INFINITE && ring >= 0.0 && ring < max(scan.rings, 1.0);
  return select(vec2u(NO_POINT, 0u), vec2u(pixel, range), vec2<bool>(isShown));
}

// Whether a point, as it lies in the file, is finite, and neither the origin nor of the car itself. Lengths are
// positive, so their bits have their order. `run` is hypot(x, y), if the scan is not moved.
fn isSeen(scan: Scan, raw: vec3u, intensity: u32, run: u32) -> bool {
  let sizes = raw & vec3u(~SIGN);
  let largest = max(max(sizes.x, sizes.y), max(sizes.z, intensity & ~SIGN));
  let horizontal = select(run, bitcast<u32>(length(bitcast<vec2f>(raw.xy))), MOVES && scan.isMoved);
  return largest < INFINITE && any(sizes != vec3u(0u)) && horizontal >= scan.nearest;
}

// Whether the plan leaves a point out.
fn isDropped(scan: Scan, point: u32) -> bool {
  return (philox(scan.key, vec4u(point, 0u, 0u, 0u)).x >> 8u) < scan.dropped;
}

// The row of an elevation, of which the rise and the run are given as bits.
fn elevationRow(scan: Scan, rise: u32, run: u32, isBelow: bool) -> u32 {
  let eighths = i32(eighthTurn(min(rise, run), max(rise, run)) >> 3u);
  let upwards = select(eighths, QUARTER - eighths, rise > run);
  let fromTop = max(scan.up - select(upwards, -upwards, isBelow), 0);
  return multiplyHigh(u32(fromTop), scan.rowScale) >> scan.rowShift;
}

fn columnOf(scan: Scan, place: vec2u) -> u32 {
  let sizes = place & vec2u(~SIGN);
  // The eighth of the turn, from 0 to 7, and the place in it. The rule of angles is that of rings, seen in a mirror.
  let fraction = eighthTurn(min(sizes.x, sizes.y), max(sizes.x, sizes.y));
  var turn = select(vec2u(0u, fraction), vec2u(1u, 0x80000000u - fraction), vec2<bool>(sizes.y > sizes.x));
  let isLeft = (place.x != sizes.x) == scan.isRing;
  turn = select(turn, vec2u(3u - turn.x, 0x80000000u - turn.y), vec2<bool>(isLeft));
  // atan2(−0, x) is −0 or −π. By the rule of angles, −π is the last column; by that of rings, −0 is the first.
  let isDown = place.y != sizes.y && (sizes.y > 0u || !scan.isRing);
  turn = select(turn, vec2u(7u - turn.x, 0x80000000u - turn.y), vec2<bool>(isDown));
  let part = (multiplyHigh(WIDTH, turn.y) << 1u) | ((WIDTH * turn.y) >> 31u);
  // Straight above or below the sensor the angle is that of (+0, +0).
  let centre = select(WIDTH / 2u, 0u, scan.isRing);
  let column = select(min((WIDTH * turn.x + part) >> 3u, WIDTH - 1u), centre, all(sizes < vec2u(0x800000u)));
  let sum = column + scan.roll;
  let rolled = select(sum, sum - WIDTH, sum >= WIDTH);
  return select(rolled, WIDTH - 1u - rolled, scan.isMirrored);
}
