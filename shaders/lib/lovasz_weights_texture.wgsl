// The weights of the errors of the Lovász-softmax in a texture, four to a texel, for software adapters: they check
// the lanes of a load from a buffer one by one.
#include lib/texture_place.wgsl

@group(0) @binding(2) var weights: texture_2d<f32>;

fn weightAt(place: u32) -> f32 {
  let texel = textureLoad(weights, texturePlace(place >> 2u), 0);
  let pair = select(texel.xy, texel.zw, (place & 2u) == 2u);
  return select(pair.x, pair.y, (place & 1u) == 1u);
}
