// The left factor of a product, taken from an image [N,H,W,I]: the convolution as a product. Row p of the factor is the
// patch of the image under the kernel at output pixel p, so the factor is [N·Ho·Wo, R·S·I]. It is never stored: its
// elements are read from the image where they are needed.
#include lib/convolution_geometry.wgsl

const INPUT_VECTORS: u32 = 1u;

@group(0) @binding(0) var<storage, read> left: array<vec4f>;

// The image, and the row and column of the first tap in it. In the padding they are negative: u32 wraps to a large
// number, which `loadLeft` counts as outside.
fn leftRow(_batch: u32, pixel: u32) -> vec3u {
  let image = pixel / (OUTPUT_HEIGHT * OUTPUT_WIDTH);
  let row = pixel / OUTPUT_WIDTH % OUTPUT_HEIGHT;
  let column = pixel % OUTPUT_WIDTH;
  return vec3u(image, row * STRIDE - PADDING_TOP, column * STRIDE - PADDING_LEFT);
}

fn loadLeft(origin: vec3u, vector: u32) -> vec4f {
  let tap = vector / INPUT_VECTORS;
  let row = origin.y + tap / KERNEL_WIDTH * DILATION;
  let column = origin.z + tap % KERNEL_WIDTH * DILATION;
  if (row >= HEIGHT || column >= WIDTH) {
    return vec4f(0.0);
  }
  return left[((origin.x * HEIGHT + row) * WIDTH + column) * INPUT_VECTORS + vector % INPUT_VECTORS];
}

// The place in memory of vec4f `k` of a column of the right factor, for an input gradient. The weights are stored as
// [R,S,N,I], and the taps are taken in reverse.
fn transposedRight(_batch: u32, k: u32, column: u32) -> u32 {
  let tap = KERNEL_HEIGHT * KERNEL_WIDTH - 1u - k / INPUT_VECTORS;
  return (tap * 4u * sizes.z + column) * INPUT_VECTORS + k % INPUT_VECTORS;
}

#include lib/every_row.wgsl
