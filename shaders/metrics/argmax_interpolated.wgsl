// A prediction at any size: y[n,i,j] = the class with the largest logit at pixel (i, j), the first on ties. The logits
// are interpolated bilinearly.
// A slice is PIXELS pixels of the batch, from FIRST_PIXEL on. It reads logits from row FIRST_LOGITS_ROW of the batch on.
// Bindings: 0 logits [N,h,w,C] vec4f read · 1 y [N,H,W] write, bytes, four to a word. Bytes beyond the last pixel are
// 0.
// Schedule: one invocation per word of four pixels, which may lie in two rows or images. Bound: C loads of vec4f per
// pixel.
#include lib/bilinear.wgsl
#include lib/grid.wgsl

const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const LOGITS_HEIGHT: u32 = 1u;
const LOGITS_WIDTH: u32 = 1u;
const CLASSES: u32 = 1u;
const VECTORS: u32 = 1u;
const ALIGN_CORNERS: bool = false;
const FIRST_PIXEL: u32 = 0u;
const PIXELS: u32 = 1u;
const FIRST_LOGITS_ROW: u32 = 0u;

@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;

fn largestClass(index: u32) -> u32 {
  if (index >= PIXELS) {
    return 0u;
  }
  let pixel = FIRST_PIXEL + index;
  let image = pixel / (HEIGHT * WIDTH);
  let vertical = between(pixel / WIDTH % HEIGHT, LOGITS_HEIGHT, HEIGHT, ALIGN_CORNERS);
  let horizontal = between(pixel % WIDTH, LOGITS_WIDTH, WIDTH, ALIGN_CORNERS);
  let top = (image * LOGITS_HEIGHT + vertical.low - FIRST_LOGITS_ROW) * LOGITS_WIDTH;
  let bottom = (image * LOGITS_HEIGHT + vertical.high - FIRST_LOGITS_ROW) * LOGITS_WIDTH;
  var largest = -3.4e38;
  var class_ = 0u;
  for (var v = 0u; v < VECTORS; v++) {
    let topLeft = logits[(top + horizontal.low) * VECTORS + v];
    let topRight = logits[(top + horizontal.high) * VECTORS + v];
    let left = topLeft + vertical.weight * (logits[(bottom + horizontal.low) * VECTORS + v] - topLeft);
    let right = topRight + vertical.weight * (logits[(bottom + horizontal.high) * VECTORS + v] - topRight);
    let value = left + horizontal.weight * (right - left);
    #unroll k in 0..4 {
      if (value[$k] > largest && 4u * v + $k < CLASSES) {
        largest = value[$k];
        class_ = 4u * v + $k;
      }
    }
  }
  return class_;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let word = gridIndex(workgroup, workgroups, local, 64u);
  if (word >= (PIXELS + 3u) / 4u) {
    return;
  }
  let first = 4u * word;
  y[word] = largestClass(first) | (largestClass(first + 1u) << 8u) | (largestClass(first + 2u) << 16u) |
    (largestClass(first + 3u) << 24u);
}
