// Adds label maps to the class counts of each place: counts[y,x,c] += the number of images n with labels[n,y,x] = c.
// Bindings: 0 labels [N,H,W] read, bytes, four to a word · 1 counts [H,W,C₄] read-write, f32: exact up to 2²⁴ images.
// Schedule: one invocation per place walks over the images. No two share a place. Bound: bytes.
#include lib/grid.wgsl

const IMAGES: u32 = 1u;
const PIXELS: u32 = 1u;
const CLASSES: u32 = 1u;
const CLASS_VECTORS: u32 = 1u;

@group(0) @binding(0) var<storage, read> labels: array<u32>;
@group(0) @binding(1) var<storage, read_write> counts: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let pixel = gridIndex(workgroup, workgroups, local, 64u);
  if (pixel >= PIXELS) {
    return;
  }
  for (var image = 0u; image < IMAGES; image++) {
    let index = image * PIXELS + pixel;
    let label = (labels[index / 4u] >> (8u * (index % 4u))) & 0xffu;
    if (label < CLASSES) {
      counts[pixel * CLASS_VECTORS * 4u + label] += 1.0;
    }
  }
}
