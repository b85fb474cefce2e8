// The place of a vec4f in a texture that holds vec4f in order, as many to a row as `textureRowVectors` of
// src/gpu/launch.ts.
const TEXTURE_ROW_VECTORS = 1024u;

fn texturePlace(index: u32) -> vec2u {
  return vec2u(index % TEXTURE_ROW_VECTORS, index / TEXTURE_ROW_VECTORS);
}
