// First stage of batch statistics: mean and M₂ = Σ (x − mean)² of each run of pixels, per channel.
// Bindings: 0 x [PIXELS, VECTORS] read · 1 partial [SPLITS, 2, VECTORS] write (mean, M₂), as vec4f.
// Schedule: pixels are cut into SPLITS runs; an invocation takes one vec4f of channels of one run. It sums differences
// from the run's first pixel, so that a large common offset costs no digits. Bound: 4 bytes per element.
#include lib/grid.wgsl

const PIXELS: u32 = 1u;
const VECTORS: u32 = 1u;
const SPLITS: u32 = 1u;

const PIXELS_PER_SPLIT = (PIXELS + SPLITS - 1u) / SPLITS;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> partial: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= SPLITS * VECTORS) {
    return;
  }
  let vector = index % VECTORS;
  let split = index / VECTORS;
  let firstPixel = split * PIXELS_PER_SPLIT;
  let endPixel = min(firstPixel + PIXELS_PER_SPLIT, PIXELS);
  let first = firstPixel * VECTORS + vector;
  let origin = x[first];
  var sum = vec4f(0.0);
  var squares = vec4f(0.0);
  for (var at = first + VECTORS; at < endPixel * VECTORS + vector; at += VECTORS) {
    let difference = x[at] - origin;
    sum += difference;
    squares = fma(difference, difference, squares);
  }
  let offset = sum / f32(endPixel - firstPixel);
  partial[split * 2u * VECTORS + vector] = origin + offset;
  partial[(split * 2u + 1u) * VECTORS + vector] = max(squares - sum * offset, vec4f(0.0));
}
