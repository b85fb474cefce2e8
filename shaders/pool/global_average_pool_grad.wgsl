// Input gradient of the mean over an image: dx[n, p, c] = dy[n, c] / IMAGE_PIXELS, for PIXELS of each image.
// Bindings: 0 dy [BATCH, VECTORS] read · 1 dx [BATCH, PIXELS, VECTORS] write, as vec4f.
// Schedule: one invocation writes one vec4f of channels to 8 neighbouring pixels. Bound: 4 bytes per element.
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const PIXELS: u32 = 1u;
const VECTORS: u32 = 1u;
const IMAGE_PIXELS: u32 = 1u;

const RUNS = (PIXELS + 7u) / 8u;

@group(0) @binding(0) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> inputGradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * RUNS * VECTORS) {
    return;
  }
  let vector = index % VECTORS;
  let image = index / (RUNS * VECTORS);
  let firstPixel = index / VECTORS % RUNS * 8u;
  let share = outputGradient[image * VECTORS + vector] / f32(IMAGE_PIXELS);
  #unroll p in 0..8 {
    if (firstPixel + $p < PIXELS) {
      inputGradient[(image * PIXELS + firstPixel + $p) * VECTORS + vector] = share;
    }
  }
}
