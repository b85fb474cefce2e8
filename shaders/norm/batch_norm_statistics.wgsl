// First stage of batch statistics: mean and M₂ = Σ (x − mean)² of each run of pixels, per channel.
// Bindings: 0 x [P,C] read · 1 sizes (PixelSizes) · 2 partial [splits,2,C] write (mean, M₂), as vec4f.
// Schedule: the pixels are cut into as many runs as splits. One invocation takes one vec4f of channels of one run. It
// sums differences from the run's first pixel, so that a large common offset costs no digits. Bound: 4 bytes per
// element.
#include lib/grid.wgsl
#include lib/pixel_sizes.wgsl

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<uniform> sizes: PixelSizes;
@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= sizes.splits * sizes.vectors) {
    return;
  }
  let vector = index % sizes.vectors;
  let split = index / sizes.vectors;
  let firstPixel = split * sizes.pixelsPerSplit;
  let endPixel = min(firstPixel + sizes.pixelsPerSplit, sizes.pixels);
  let first = firstPixel * sizes.vectors + vector;
  let origin = x[first];
  var sum = vec4f(0.0);
  var squares = vec4f(0.0);
  for (var at = first + sizes.vectors; at < endPixel * sizes.vectors + vector; at += sizes.vectors) {
    let difference = x[at] - origin;
    sum += difference;
    squares = fma(difference, difference, squares);
  }
  let offset = sum / f32(endPixel - firstPixel);
  partial[split * 2u * sizes.vectors + vector] = origin + offset;
  partial[(split * 2u + 1u) * sizes.vectors + vector] = max(squares - sum * offset, vec4f(0.0));
}
