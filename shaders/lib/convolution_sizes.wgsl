// Sizes of a convolution as numbers in a uniform buffer, not as constants of the shader. So layers of different sizes
// share one variant; a driver takes about a second to compile one with a large register tile.
// Rows come before columns. Channels are counted in vec4f. Paddings may be negative and then wrap as u32.
struct ConvolutionSizes {
  batch: u32,
  height: u32,
  width: u32,
  outputHeight: u32,
  outputWidth: u32,
  dilation: u32,
  paddingTop: u32,
  paddingLeft: u32,
  inputVectors: u32,
  outputVectors: u32,
  kernelHeight: u32,
  kernelWidth: u32,
  stride: u32,
  // The number of parts into which a sum over output pixels is cut.
  splits: u32,
}
