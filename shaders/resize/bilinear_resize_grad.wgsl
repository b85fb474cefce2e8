// Input gradient of linear interpolation along one axis: dx[a,i,b] = Σ_o dy[a,o,b] · (share of input i in output o).
// Bilinear resize is linear in each axis by itself, so its gradient is two launches: columns, then rows.
// Bindings: 0 dy [OUTER,OUTPUT_SIZE,INNER] read · 1 dx [OUTER,INPUT_SIZE,INNER] write, as vec4f.
// Schedule: one invocation per vec4f of dx; it walks over the outputs that can touch its input. No atomics.
// Bound: loads, about 2·OUTPUT_SIZE / INPUT_SIZE of them.
#include lib/bilinear.wgsl
#include lib/grid.wgsl

const OUTER: u32 = 1u;
const INPUT_SIZE: u32 = 1u;
const OUTPUT_SIZE: u32 = 1u;
const INNER: u32 = 1u;
const ALIGN_CORNERS: bool = false;

@group(0) @binding(0) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> inputGradient: array<vec4f>;

// The interval of outputs that may touch input `i` is a little too wide, because its ends are rounded: what is not
// touched has the share 0. In outputs, rounding stays below OUTPUT_SIZE / 2²².
const MARGIN: f32 = 0.015625f;

// First and one past the last output that may touch input `i`. The clamped borders belong to the first and last input.
fn touching(i: u32) -> vec2u {
  if (INPUT_SIZE == 1u) {
    return vec2u(0u, OUTPUT_SIZE);
  }
  var first: f32;
  var last: f32;
  if (ALIGN_CORNERS) {
    let scale = f32(max(OUTPUT_SIZE, 2u) - 1u) / f32(max(INPUT_SIZE, 2u) - 1u);
    first = (f32(i) - 1.0) * scale;
    last = (f32(i) + 1.0) * scale;
  } else {
    let scale = f32(OUTPUT_SIZE) / f32(INPUT_SIZE);
    first = (f32(i) - 0.5) * scale - 0.5;
    last = (f32(i) + 1.5) * scale - 0.5;
  }
  return vec2u(
    select(u32(max(floor(first - MARGIN), 0.0)), 0u, i == 0u),
    select(min(u32(max(ceil(last + MARGIN), 0.0)) + 1u, OUTPUT_SIZE), OUTPUT_SIZE, i == INPUT_SIZE - 1u),
  );
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= OUTER * INPUT_SIZE * INNER) {
    return;
  }
  let inner = index % INNER;
  let i = index / INNER % INPUT_SIZE;
  let start = index / (INNER * INPUT_SIZE) * OUTPUT_SIZE * INNER + inner;
  let outputs = touching(i);
  var sum = vec4f(0.0);
  for (var o = outputs.x; o < outputs.y; o++) {
    let position = between(o, INPUT_SIZE, OUTPUT_SIZE, ALIGN_CORNERS);
    let share = select(0.0, 1.0 - position.weight, position.low == i) + select(0.0, position.weight, position.high == i);
    sum += outputGradient[start + o * INNER] * share;
  }
  inputGradient[index] = sum;
}
