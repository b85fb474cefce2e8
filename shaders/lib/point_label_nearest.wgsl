// The label of a point in backproject.wgsl, by the nearest-range filter of FIDNet. A point whose range is that of its
// pixel takes the pixel's label. Any other takes the label of the pixel nearest in range in the 5×5 window around its
// own, the first in row-major order on ties.
fn pointLabel(scan: u32, pixel: u32, range: f32) -> u32 {
  let point = winner[scan * HEIGHT * WIDTH + pixel];
  if (point != NO_POINT && rangeOf(scan, point) == range) {
    return labelAt(scan, pixel);
  }
  var nearest = 0.0;
  var found = false;
  var label = 255u;
  for (var place = 0; place < 25; place++) {
    let row = i32(pixel / WIDTH) + place / 5 - 2;
    let neighbour = neighbourAt(scan, row, i32(pixel % WIDTH) + place % 5 - 2);
    let distance = abs(neighbour.range - range);
    if (neighbour.isThere && (!found || distance < nearest)) {
      nearest = distance;
      found = true;
      label = neighbour.label;
    }
  }
  return label;
}
