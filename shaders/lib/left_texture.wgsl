// The left factor of a product, or the only one, read from a texture that holds its vec4f in order, 1024 to a row. Mesa's software
// driver loads from a texture in about half the time of a load from a buffer, whose lanes it checks one by one.
@group(0) @binding(0) var left: texture_2d<f32>;

fn loadLeft(index: u32) -> vec4f {
  return textureLoad(left, vec2u(index % 1024u, index / 1024u), 0);
}
