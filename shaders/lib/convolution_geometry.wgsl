// Sizes of a convolution; the host sets every value. Rows before columns.
const BATCH: u32 = 1u;
const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const OUTPUT_HEIGHT: u32 = 1u;
const OUTPUT_WIDTH: u32 = 1u;
const KERNEL_HEIGHT: u32 = 1u;
const KERNEL_WIDTH: u32 = 1u;
const STRIDE: u32 = 1u;
const DILATION: u32 = 1u;
const PADDING_TOP: u32 = 0u;
const PADDING_LEFT: u32 = 0u;
