// Sizes of a pass over a tensor [P,C], where P counts all pixels of a batch and C its channels. They are numbers in a
// uniform buffer, not constants of the shader, so that layers of different sizes share one variant.
// A slice has some of the pixels: whole parts of a sum.
struct PixelSizes {
  pixels: u32,
  // Channels of a pixel, in vec4f.
  vectors: u32,
  // The number of parts into which a sum over pixels is cut.
  splits: u32,
  // The first variance in the tensor that holds the means and variances of a batch norm.
  varianceStart: u32,
  // Pixels of each part of a sum, the last one's: or less.
  pixelsPerSplit: u32,
  // Pixels of the batch, where `pixels` are those of a slice.
  batchPixels: u32,
}
