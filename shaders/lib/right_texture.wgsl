// The right factor of a product, read from a texture that holds its vec4f in order, 1024 to a row.
@group(0) @binding(1) var right: texture_2d<f32>;

fn loadRight(index: u32) -> vec4f {
  return textureLoad(right, vec2u(index % 1024u, index / 1024u), 0);
}
