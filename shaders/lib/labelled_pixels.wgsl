// What is known of the classes at single pixels, and the pixels' labels, for losses over whole maps. Pixels are
// numbered through the batch.
#include lib/class_lanes.wgsl
#include lib/hard_labels.wgsl

const PIXELS: u32 = 1u;
const VECTORS: u32 = 1u;

@group(0) @binding(0) var<storage, read> values: array<vec4f>;

// 1 at the class of the pixel among four, else 0.
fn oneHot(vector: u32, id: u32) -> vec4f {
  return select(vec4f(0.0), vec4f(1.0), classIds(vector) == vec4u(id));
}
