// The left factor of a product, or its only one, read from a texture. Mesa's software driver takes about half as
// long for a load from a texture as for one from a buffer, because it checks the lanes of a buffer load one by one.
#include lib/texture_place.wgsl

@group(0) @binding(0) var left: texture_2d<f32>;

fn loadLeft(index: u32) -> vec4f {
  return textureLoad(left, texturePlace(index), 0);
}
