// The right factor of a product, read from a texture. The including file has lib/left_texture.wgsl as well, and
// with it `texturePlace`.
@group(0) @binding(1) var right: texture_2d<f32>;

fn loadRight(index: u32) -> vec4f {
  return textureLoad(right, texturePlace(index), 0);
}
