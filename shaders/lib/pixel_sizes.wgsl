// Sizes of a pass over the pixels of a batch that are no constants, so that layers share a variant: rows of pixels and vec4f of their
// channels.
struct PixelSizes {
  pixels: u32,
  vectors: u32,
  // Parts of a sum over pixels.
  splits: u32,
  // Where a batch norm's variances begin among its statistics.
  varianceStart: u32,
}

fn pixelsPerSplit(sizes: PixelSizes) -> u32 {
  return (sizes.pixels + sizes.splits - 1u) / sizes.splits;
}
