// Sizes of a pass over a tensor [P,C], all pixels of a batch by their channels, that are no constants, so that layers share a
// variant. They may be those of a slice of the pixels, which is whole parts of a sum.
struct PixelSizes {
  pixels: u32,
  // vec4f of channels.
  vectors: u32,
  // Parts of a sum over pixels.
  splits: u32,
  // Where a batch norm's variances begin among its statistics.
  varianceStart: u32,
  // Pixels of each part of a sum, the last one's: or less.
  pixelsPerSplit: u32,
  // Pixels of the batch, where `pixels` are those of a slice.
  batchPixels: u32,
}
