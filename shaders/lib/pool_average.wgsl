// The divisor of the mean over a pooling window, as in PyTorch. With COUNT_PADDING, pixels in the padding count. What
// lies beyond the padding never counts; the last window may reach there in ceil mode.
const COUNT_PADDING: bool = true;
const PADDING_BOTTOM: u32 = 0u;
const PADDING_RIGHT: u32 = 0u;

fn rowsCounted(i: u32) -> f32 {
  let rows = windowRange(i, KERNEL_HEIGHT, PADDING_TOP, HEIGHT);
  let padded = min(i * STRIDE + KERNEL_HEIGHT, PADDING_TOP + HEIGHT + PADDING_BOTTOM) - i * STRIDE;
  return f32(select(rows.y - rows.x, padded, COUNT_PADDING));
}

fn columnsCounted(j: u32) -> f32 {
  let columns = windowRange(j, KERNEL_WIDTH, PADDING_LEFT, WIDTH);
  let padded = min(j * STRIDE + KERNEL_WIDTH, PADDING_LEFT + WIDTH + PADDING_RIGHT) - j * STRIDE;
  return f32(select(columns.y - columns.x, padded, COUNT_PADDING));
}
