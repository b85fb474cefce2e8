// A loss from its sums: the weighted mean loss / weight, 0 where the weight is 0, or loss / DIVISOR where that is above
// 0, and REGULARIZER_WEIGHT times that of the regulariser.
// Bindings: 0 sums (loss, weight, regulariser, its weight) read · 1 mean [1] write. Schedule: one invocation. Bound:
// nothing.
const REGULARIZER_WEIGHT: f32 = 0.0f;
const DIVISOR: f32 = 0.0f;

@group(0) @binding(0) var<storage, read> sums: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;

@compute @workgroup_size(1)
fn main() {
  let all = sums[0];
  let divisor = select(all.y, DIVISOR, DIVISOR > 0.0f);
  var loss = select(0.0, all.x / divisor, divisor > 0.0);
  if (REGULARIZER_WEIGHT != 0.0f) {
    loss += REGULARIZER_WEIGHT * select(0.0, all.z / all.w, all.w > 0.0);
  }
  mean[0] = loss;
}
