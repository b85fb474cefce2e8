// Input gradient of linear interpolation along one axis: dx[a,i,b] = Σ_o dy[a,o,b] · (share of input i in output o).
// Bilinear resize is linear in each axis by itself. So its gradient is two launches: first columns, then rows.
// A slice is INPUTS places of dx, from FIRST_INPUT on. It reads OUTPUTS places of dy, from FIRST_OUTPUT on. INPUT_SIZE
// and OUTPUT_SIZE are those of the whole axis.
// Bindings: 0 dy [OUTER,OUTPUTS,INNER] read · 1 dx [OUTER,INPUTS,INNER] write, as vec4f. OUTER counts what lies
// before the axis in memory, INNER the vec4f of one place of it: for columns the images and rows, and the channels; for
// rows the images, and the columns and channels.
// Schedule: one invocation per vec4f of dx walks over the outputs that touch its input. So it needs no atomics.
// Bound: loads, about 2·OUTPUT_SIZE / INPUT_SIZE of them.
#include lib/bilinear.wgsl
#include lib/grid.wgsl

const OUTER: u32 = 1u;
const INPUT_SIZE: u32 = 1u;
const OUTPUT_SIZE: u32 = 1u;
const INNER: u32 = 1u;
const ALIGN_CORNERS: bool = false;
const FIRST_INPUT: u32 = 0u;
const INPUTS: u32 = 1u;
const FIRST_OUTPUT: u32 = 0u;
const OUTPUTS: u32 = 1u;

@group(0) @binding(0) var<storage, read> outputGradient: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> inputGradient: array<vec4f>;

// The outputs in which input `i` has a share: the first, and one past the last. Their lower neighbour is `i − 1` or
// `i`.
fn touching(i: u32) -> vec2u {
  return vec2u(
    firstBetween(max(i, 1u) - 1u, INPUT_SIZE, OUTPUT_SIZE, ALIGN_CORNERS),
    select(firstBetween(i + 1u, INPUT_SIZE, OUTPUT_SIZE, ALIGN_CORNERS), OUTPUT_SIZE, i == INPUT_SIZE - 1u),
  );
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= OUTER * INPUTS * INNER) {
    return;
  }
  let inner = index % INNER;
  let i = FIRST_INPUT + index / INNER % INPUTS;
  let start = index / (INNER * INPUTS) * OUTPUTS * INNER + inner;
  let outputs = touching(i);
  var sum = vec4f(0.0);
  for (var o = outputs.x; o < outputs.y; o++) {
    let position = between(o, INPUT_SIZE, OUTPUT_SIZE, ALIGN_CORNERS);
    // At the border an output's low and high neighbour may be the same input. Then both shares count.
    let share = select(0.0, 1.0 - position.weight, position.low == i) + select(0.0, position.weight, position.high == i);
    sum += outputGradient[start + (o - FIRST_OUTPUT) * INNER] * share;
  }
  inputGradient[index] = sum;
}
