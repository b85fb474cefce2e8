// Sizes of a convolution that are no constants, so that layers share a variant: a large register tile takes a driver a second
// to compile. Rows before columns; vec4f of channels. Paddings may wrap below zero.
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
  // Parts of a sum over output pixels.
  splits: u32,
}
