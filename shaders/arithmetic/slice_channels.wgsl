// A run of channels: y[p, c] = x[p, FROM + c] for c < CHANNELS, 0 in the padding.
// Bindings: 0 x [PIXELS, INPUT_VECTORS] read · 1 y [PIXELS, VECTORS] write, as vec4f.
// Schedule: one invocation per vec4f of y, put together from one or two of x. Bound: 8 to 12 bytes per element.
#include lib/grid.wgsl

const PIXELS: u32 = 1u;
const INPUT_VECTORS: u32 = 1u;
const VECTORS: u32 = 1u;
const CHANNELS: u32 = 1u;
const FROM: u32 = 0u;

const SHIFT = FROM % 4u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= PIXELS * VECTORS) {
    return;
  }
  let vector = index % VECTORS;
  let start = index / VECTORS * INPUT_VECTORS;
  let first = x[start + min(FROM / 4u + vector, INPUT_VECTORS - 1u)];
  var value = first;
  if (SHIFT > 0u) {
    let next = x[start + min(FROM / 4u + vector + 1u, INPUT_VECTORS - 1u)];
    if (SHIFT == 1u) { value = vec4f(first.yzw, next.x); }
    if (SHIFT == 2u) { value = vec4f(first.zw, next.xy); }
    if (SHIFT == 3u) { value = vec4f(first.w, next.xyz); }
  }
  let channel = vec4u(vector * 4u) + vec4u(0u, 1u, 2u, 3u);
  y[index] = select(vec4f(0.0), value, channel < vec4u(CHANNELS));
}
