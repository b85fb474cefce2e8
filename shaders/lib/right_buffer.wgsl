// The right factor of a product, read from a buffer.
@group(0) @binding(1) var<storage, read> right: array<vec4f>;

fn loadRight(index: u32) -> vec4f {
  return right[index];
}
