// What is known of the classes at single pixels, and the pixels' labels, for losses over whole maps. Pixels are numbered
// through the batch. A pixel counts if its label is the id of a class and not IGNORE_LABEL. The first label is byte
// FIRST_LABEL of a word.
#include lib/class_lanes.wgsl

const PIXELS: u32 = 1u;
const VECTORS: u32 = 1u;
const IGNORE_LABEL: u32 = 255u;
const FIRST_LABEL: u32 = 0u;
const NO_CLASS: u32 = 256u;

@group(0) @binding(0) var<storage, read> values: array<vec4f>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;

// The class of a pixel, NO_CLASS where it does not count.
fn classOf(pixel: u32) -> u32 {
  let place = FIRST_LABEL + pixel;
  let label = (labels[place / 4u] >> (8u * (place % 4u))) & 255u;
  return select(label, NO_CLASS, label == IGNORE_LABEL || label >= CLASSES);
}

// 1 at the class of the pixel among four, else 0.
fn oneHot(vector: u32, id: u32) -> vec4f {
  return select(vec4f(0.0), vec4f(1.0), classIds(vector) == vec4u(id));
}
