// Smooths maps along one axis: y[i] = Σ_t w[t]·x[i + t − ORIGIN]. Beyond the border x is zero or, with IS_RING, what
// is at the other end. Two launches, one per axis, make a separable smoothing.
// Bindings: 0 x [H,W,C₄] read · 1 w [TAPS] read · 2 y [H,W,C₄] write; x and y as vec4f.
// Schedule: one invocation per vec4f. Bound: TAPS loads per output.
#include lib/grid.wgsl

const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const CLASS_VECTORS: u32 = 1u;
const TAPS: u32 = 1u;
const ORIGIN: u32 = 0u;
const ALONG_ROWS: bool = false;
const IS_RING: bool = false;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= HEIGHT * WIDTH * CLASS_VECTORS) {
    return;
  }
  let column = index / CLASS_VECTORS % WIDTH;
  let row = index / (CLASS_VECTORS * WIDTH);
  let place = select(column, row, ALONG_ROWS);
  let size = select(WIDTH, HEIGHT, ALONG_ROWS);
  let step = select(CLASS_VECTORS, CLASS_VECTORS * WIDTH, ALONG_ROWS);
  let start = index - place * step;
  var sum = vec4f(0.0);
  for (var tap = 0u; tap < TAPS; tap++) {
    // A place before the border is negative. u32 wraps to a large number, which counts as outside.
    var source = place + tap - ORIGIN;
    if (IS_RING) {
      // As many sizes are added as keep it from being negative.
      source = (source + (ORIGIN / size + 1u) * size) % size;
    }
    if (source < size) {
      sum += weights[tap] * x[start + source * step];
    }
  }
  y[index] = sum;
}
