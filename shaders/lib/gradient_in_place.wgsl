// The gradient dy at the output of an elementwise function, where the gradient at its input goes.
fn outputGradientAt(index: u32) -> vec4f {
  return inputGradient[index];
}
