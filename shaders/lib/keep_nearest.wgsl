// Keeps the range of the nearest point of each pixel: nearest [N,HEIGHT · WIDTH] u32, read and lowered. The smallest of
// whole numbers does not depend on the order of the threads.
@group(0) @binding(3) var<storage, read_write> nearest: array<atomic<u32>>;

fn keepNearest(scan: u32, point: vec2u) {
  if (point.x < HEIGHT * WIDTH) {
    atomicMin(&nearest[scan * HEIGHT * WIDTH + point.x], point.y);
  }
}
