// Dropout: y[i] = x[i] · SCALE where the random bits of element i are at least THRESHOLD, else 0.
// With PER_CHANNEL all pixels of an image share the bits of one.
// A slice begins at vec4f FIRST of the tensor, from which its elements are counted.
// Bindings: 0 x read as vec4f · 1 key [4] read (seed, stage, step, layer) · 2 y write as vec4f.
// Schedule: one invocation per vec4f calls Philox once for its four elements, with the key (seed, layer) and the
// counter (index of the vec4f, stage, step, 2); with PER_CHANNEL the index is that in images of one pixel. Bound: 8
// bytes and some 60 integer operations per element.
#include lib/random.wgsl
#include lib/grid.wgsl

const VECTORS: u32 = 1u;
const FIRST: u32 = 0u;
const THRESHOLD: u32 = 0u;
const SCALE: f32 = 1.0f;
const PER_CHANNEL: bool = false;
const IMAGE: u32 = 1u;  // vec4f of an image
const PIXEL: u32 = 1u;  // vec4f of a pixel

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> key: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= VECTORS) {
    return;
  }
  var unit = FIRST + index;
  if (PER_CHANNEL) {
    unit = unit / IMAGE * PIXEL + unit % PIXEL;
  }
  let bits = philox(key[0].xw, vec4u(unit, key[0].yz, 2u));
  y[index] = select(vec4f(0.0), x[index] * SCALE, bits >= vec4u(THRESHOLD));
}
