// The gradient dy at the output of an elementwise function, in memory of its own: binding 8.
@group(0) @binding(8) var<storage, read> outputGradient: array<vec4f>;

fn outputGradientAt(index: u32) -> vec4f {
  return outputGradient[index];
}
