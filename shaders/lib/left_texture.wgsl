// The left factor of a product, or its only one, read from a texture. The texture holds its vec4f in order, 1024 to a
// row. Mesa's software driver takes about half as long for a load from a texture as for one from a buffer, because it
// checks the lanes of a buffer load one by one.
@group(0) @binding(0) var left: texture_2d<f32>;

fn loadLeft(index: u32) -> vec4f {
  return textureLoad(left, vec2u(index % 1024u, index / 1024u), 0);
}
