// The pixels of range images that the selection looks at: those that hold a point. With RINGS above 1 a pixel also lies
// in a ring, by the distance of its point, and each class has a list and a threshold in each ring.
// The including file declares zones: array<u32>, [N,H,W]: without rings the point of each pixel, NO_POINT where there
// is none; with rings the ring of each pixel, bytes, four to a word, 255 where there is no point.
#include lib/no_point.wgsl

const RINGS: u32 = 1u;
const UNRANKED: u32 = 256u;

// The list of empty pixels. It is no list and not ranked, so that no kernel counts it.
const NO_LIST = 2u * UNRANKED - 1u;

var<private> ring: u32;

fn zoneOf(pixel: u32) -> u32 {
  if (RINGS == 1u) { return zones[pixel]; }
  return (zones[pixel / 4u] >> (8u * (pixel % 4u))) & 0xffu;
}

fn isFilled(pixel: u32) -> bool {
  return zoneOf(pixel) != select(0xffu, NO_POINT, RINGS == 1u);
}

fn ringOf(pixel: u32) -> u32 {
  if (RINGS == 1u) { return 0u; }
  return min(zoneOf(pixel), RINGS - 1u);
}

// The list in which a pixel is ranked whose largest score is that of class `id`.
fn listOf(pixel: u32, id: u32) -> u32 {
  return select(NO_LIST, ringOf(pixel) * CLASSES + id, isFilled(pixel));
}

// Goes to the ring of a pixel, for `firstThreshold`.
fn enterZone(pixel: u32) {
  ring = ringOf(pixel);
}

// Where the thresholds of a pixel begin.
fn firstThreshold() -> u32 {
  return ring * CLASS_VECTORS;
}
