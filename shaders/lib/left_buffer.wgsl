// The left factor of a product, or its only one, read from a buffer. For GPUs, which load the neighbouring addresses of
// neighbouring invocations together and cache them.
@group(0) @binding(0) var<storage, read> left: array<vec4f>;

fn loadLeft(index: u32) -> vec4f {
  return left[index];
}
