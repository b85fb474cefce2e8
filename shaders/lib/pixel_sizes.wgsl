// Sizes of a pass over a tensor [P,C], all pixels of a batch by their channels, that are no constants, so that layers share a
// variant.
struct PixelSizes {
  pixels: u32,
  // vec4f of channels.
  vectors: u32,
  // Parts of a sum over pixels.
  splits: u32,
  // Where a batch norm's variances begin among its statistics.
  varianceStart: u32,
}

fn pixelsPerSplit(sizes: PixelSizes) -> u32 {
  return (sizes.pixels + sizes.splits - 1u) / sizes.splits;
}
