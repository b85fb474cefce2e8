// A weighted mean from its sums: loss / weight, 0 where the weight is 0.
// Bindings: 0 sums (loss, weight, 0, 0) read · 1 mean [1] write. Schedule: one invocation. Bound: nothing.
@group(0) @binding(0) var<storage, read> sums: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;

@compute @workgroup_size(1)
fn main() {
  mean[0] = select(0.0, sums[0].x / sums[0].y, sums[0].y > 0.0);
}
