// The dice loss from its sums i = Σ p·t and u = Σ (p + t): the mean over the classes of 1 − 2i / (u + SMOOTHING). It is
// 0 where no pixel counts.
// Bindings: 0 sums [2,C] vec4f read · 1 loss [1] write. Schedule: one invocation. Bound: nothing.
const CLASSES: u32 = 1u;
const VECTORS: u32 = 1u;
const SMOOTHING: f32 = 0.0001f;

@group(0) @binding(0) var<storage, read> sums: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> loss: array<f32>;

@compute @workgroup_size(1)
fn main() {
  var ratios = vec4f(0.0);
  var all = vec4f(0.0);
  for (var v = 0u; v < VECTORS; v++) {
    ratios += 2.0 * sums[v] / (sums[VECTORS + v] + SMOOTHING);
    all += sums[VECTORS + v];
  }
  let ratio = (ratios.x + ratios.y) + (ratios.z + ratios.w);
  loss[0] = select(0.0, 1.0 - ratio / f32(CLASSES), (all.x + all.y) + (all.z + all.w) > 0.0);
}
