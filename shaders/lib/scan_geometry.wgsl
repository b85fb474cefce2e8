// The points of scans, and how each scan is projected (src/ops/scans/geometry.ts). A kernel that includes this declares
// CAPACITY, points (array<u32>, the rows of each scan from 5 · CAPACITY words on) and geometry (array<vec4f>, seven for
// each scan).

// The first word of a point.
fn pointStart(scan: u32, point: u32) -> u32 {
  return 5u * CAPACITY * scan + point * u32(geometry[7u * scan].y);
}

// x, y and z as they lie in the file.
fn pointBits(start: u32) -> vec3u {
  return vec3u(points[start], points[start + 1u], points[start + 2u]);
}

// A place after mirroring, scaling, turning and shifting.
fn moved(factors: vec4f, shift: vec3f, place: vec3f) -> vec3f {
  return vec3f(dot(factors.xy, place.xy), dot(factors.zw, place.xy), place.z) + shift;
}

// x, y and z after mirroring, scaling, turning and shifting; the very bits of the file where the scan is not moved.
fn movedPoint(scan: u32, bits: vec3u) -> vec3f {
  let place = bitcast<vec3f>(bits);
  if (geometry[7u * scan + 6u].y == 0.0) {
    return place;
  }
  return moved(geometry[7u * scan + 5u], geometry[7u * scan + 4u].yzw, place);
}

// Whether the sensor's rows are rings: columns run counter-clockwise, and hypot(x, y) is the range.
fn seesRings(scan: u32) -> bool {
  return geometry[7u * scan].z == 1.0;
}
