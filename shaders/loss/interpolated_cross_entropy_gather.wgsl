// The second half of the gradient of interpolated_cross_entropy.wgsl: the vertical half of the interpolation's
// gradient.
// dlogits[n,y,x] = g / weight · Σ_i share(i, y) · (left[n,i,x] + right[n,i,x−1]) over the output rows i that touch row
// y of the logits. It is 0 where no pixel has weight. With IS_DIVIDED the rows are divided by the weight already. A
// DIVISOR above 0 stands in place of the weight. The right neighbour of the last column is that column itself.
// A slice is ROWS rows of dlogits of each image, from FIRST_ROW on. It reads LABEL_ROWS output rows, from
// FIRST_LABEL_ROW on. HEIGHT and LOGITS_HEIGHT are those of the whole image, H and h below those of the slice.
// Bindings: 0 rows [N,H,w,2,C] read · 1 sums (loss, weight, …) read · 2 g [1] read · 3 dlogits [N,h,w,C] write.
// vec4f over C.
// Schedule: one invocation per vec4f of dlogits. It adds in the order of i. Bound: each vec4f of `rows` is read twice.
#include lib/bilinear.wgsl
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const HEIGHT: u32 = 1u;
const LOGITS_HEIGHT: u32 = 1u;
const LOGITS_WIDTH: u32 = 1u;
const VECTORS: u32 = 1u;
const ALIGN_CORNERS: bool = false;
const FIRST_ROW: u32 = 0u;
const ROWS: u32 = 1u;
const FIRST_LABEL_ROW: u32 = 0u;
const LABEL_ROWS: u32 = 1u;
const IS_DIVIDED: bool = false;
const DIVISOR: f32 = 0.0f;

@group(0) @binding(0) var<storage, read> rows: array<vec4f>;
@group(0) @binding(1) var<storage, read> sums: array<vec4f>;
@group(0) @binding(2) var<storage, read> outputGradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> logitsGradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * ROWS * LOGITS_WIDTH * VECTORS) {
    return;
  }
  let vector = index % VECTORS;
  let x = index / VECTORS % LOGITS_WIDTH;
  let y = FIRST_ROW + index / (VECTORS * LOGITS_WIDTH) % ROWS;
  let image = index / (VECTORS * LOGITS_WIDTH * ROWS);
  var sum = vec4f(0.0);
  for (var i = firstBetween(max(y, 1u) - 1u, LOGITS_HEIGHT, HEIGHT, ALIGN_CORNERS); i < HEIGHT; i++) {
    let vertical = between(i, LOGITS_HEIGHT, HEIGHT, ALIGN_CORNERS);
    if (vertical.low > y) {
      break;
    }
    let share = select(0.0, 1.0 - vertical.weight, vertical.low == y) + select(0.0, vertical.weight, vertical.high == y);
    let at = ((image * LABEL_ROWS + i - FIRST_LABEL_ROW) * LOGITS_WIDTH + x) * 2u * VECTORS + vector;
    var value = rows[at];
    if (x > 0u) {
      value += rows[at - VECTORS];
    }
    if (x == LOGITS_WIDTH - 1u) {
      value += rows[at + VECTORS];
    }
    sum = fma(vec4f(share), value, sum);
  }
  if (IS_DIVIDED) {
    logitsGradient[index] = sum * outputGradient[0];
    return;
  }
  let weight = select(sums[0].y, DIVISOR, DIVISOR > 0.0f);
  logitsGradient[index] = select(vec4f(0.0), sum * (outputGradient[0] / weight), weight > 0.0);
}
