// One part of a concatenation along channels, starting at any channel: y[p, TO + c] = x[p, c] for c < CHANNELS, and 0
// for CHANNELS ≤ c < WRITTEN (the padding behind the last part).
// Bindings: 0 x [PIXELS, VECTORS] read as vec4f · 1 y [PIXELS, OUTPUT_CHANNELS] write as f32, because two parts may
// share a vec4f.
// Schedule: one launch per part, one invocation per four channels of it. Bound: four stores of 4 bytes.
#include lib/grid.wgsl

const PIXELS: u32 = 1u;
const VECTORS: u32 = 1u;
const CHANNELS: u32 = 1u;
const WRITTEN: u32 = 1u;
const OUTPUT_CHANNELS: u32 = 4u;
const TO: u32 = 0u;

const QUADS = (WRITTEN + 3u) / 4u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= PIXELS * QUADS) {
    return;
  }
  let pixel = index / QUADS;
  let channel = index % QUADS * 4u;
  let value = x[pixel * VECTORS + min(channel / 4u, VECTORS - 1u)];
  #unroll k in 0..4 {
    if (channel + $k < WRITTEN) {
      y[pixel * OUTPUT_CHANNELS + TO + channel + $k] = select(0.0, value[$k], channel + $k < CHANNELS);
    }
  }
}
