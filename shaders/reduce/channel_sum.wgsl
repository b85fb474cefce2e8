// Sum over batch and pixels: partial[split, c] = Σ_p x[p, c] over the pixels of the split.
// Bindings: 0 x [P,C] read · 1 sizes (PixelSizes) · 2 partial [splits,C] write, as vec4f.
// Schedule: the pixels are cut into as many runs as splits. One invocation sums one vec4f of channels over one run. A
// second launch adds the runs in fixed order. Bound: 4 bytes per element.
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
  let firstPixel = index / sizes.vectors * sizes.pixelsPerSplit;
  let end = min(firstPixel + sizes.pixelsPerSplit, sizes.pixels) * sizes.vectors + vector;
  var sum = vec4f(0.0);
  for (var at = firstPixel * sizes.vectors + vector; at < end; at += sizes.vectors) {
    sum += x[at];
  }
  partial[index] = sum;
}
