// Hard labels of pixels, bytes, four to a word. A pixel counts if its label is the id of a class and not IGNORE_LABEL.
// The first label is byte FIRST_LABEL of a word. The including file includes lib/class_lanes.wgsl.
const IGNORE_LABEL: u32 = 255u;
const FIRST_LABEL: u32 = 0u;
const NO_CLASS: u32 = 256u;

@group(0) @binding(1) var<storage, read> labels: array<u32>;

// The class of a pixel, NO_CLASS where it does not count.
fn classOf(pixel: u32) -> u32 {
  let place = FIRST_LABEL + pixel;
  let label = (labels[place / 4u] >> (8u * (place % 4u))) & 255u;
  return select(label, NO_CLASS, label == IGNORE_LABEL || label >= CLASSES);
}
