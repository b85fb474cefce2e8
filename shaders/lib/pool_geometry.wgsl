// Sizes of a pooling; the host sets every value. Rows before columns. VECTORS is vec4f of channels per pixel.
const BATCH: u32 = 1u;
const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const VECTORS: u32 = 1u;
const OUTPUT_HEIGHT: u32 = 1u;
const OUTPUT_WIDTH: u32 = 1u;
const KERNEL_HEIGHT: u32 = 1u;
const KERNEL_WIDTH: u32 = 1u;
const STRIDE: u32 = 1u;
const PADDING_TOP: u32 = 0u;
const PADDING_LEFT: u32 = 0u;

// The row of the image at row r of the windows in row i. In the padding it is the nearest row of the image.
fn rowOf(i: u32, r: u32) -> u32 {
  return min(max(i * STRIDE + r, PADDING_TOP) - PADDING_TOP, HEIGHT - 1u);
}

// The column of the image at column s of the windows in column j. In the padding it is the nearest column of the image.
fn columnOf(j: u32, s: u32) -> u32 {
  return min(max(j * STRIDE + s, PADDING_LEFT) - PADDING_LEFT, WIDTH - 1u);
}

// The rows (or columns) of the image in window `index`: the first, and one past the last.
fn windowRange(index: u32, kernel: u32, padding: u32, size: u32) -> vec2u {
  let start = index * STRIDE;
  return vec2u(max(start, padding) - padding, min(max(start + kernel, padding) - padding, size));
}

// The windows that contain row (or column) `at` of the image: the first, and one past the last.
fn windowsAt(at: u32, kernel: u32, padding: u32, count: u32) -> vec2u {
  let padded = at + padding;
  let first = (max(padded + STRIDE, kernel) - kernel) / STRIDE;
  return vec2u(first, min(padded / STRIDE + 1u, count));
}
