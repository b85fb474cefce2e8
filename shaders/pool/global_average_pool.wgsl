// Mean over the pixels of each image: partial[split, n, c] = Σ_p x[n, p, c] / IMAGE_PIXELS over the pixels of the
// split. Of a slice: PIXELS of each image, whole splits of it.
// Bindings: 0 x [BATCH, PIXELS, VECTORS] read · 1 partial [SPLITS, BATCH, VECTORS] write, as vec4f.
// Schedule: the pixels of an image are cut into SPLITS runs. One invocation sums one vec4f of channels over one run. A
// second launch adds the runs in fixed order. Bound: 4 bytes per element.
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const PIXELS: u32 = 1u;
const VECTORS: u32 = 1u;
const SPLITS: u32 = 1u;
const PIXELS_PER_SPLIT: u32 = 1u;
const IMAGE_PIXELS: u32 = 1u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> partial: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= SPLITS * BATCH * VECTORS) {
    return;
  }
  let image = index / VECTORS % BATCH;
  let firstPixel = index / (BATCH * VECTORS) * PIXELS_PER_SPLIT;
  let lastPixel = min(firstPixel + PIXELS_PER_SPLIT, PIXELS);
  let start = image * PIXELS * VECTORS + index % VECTORS;
  var sum = vec4f(0.0);
  for (var pixel = firstPixel; pixel < lastPixel; pixel++) {
    sum += x[start + pixel * VECTORS];
  }
  partial[index] = sum / f32(IMAGE_PIXELS);
}
