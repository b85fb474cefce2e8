// The sum of the parts of a loss. Bindings: 0 parts [PARTS] read · 1 sum [1] write.
// Schedule: one workgroup. Each invocation adds every 256th part, then they are added in pairs, in fixed order. Bound:
// nothing.
const PARTS: u32 = 1u;

@group(0) @binding(0) var<storage, read> parts: array<f32>;
@group(0) @binding(1) var<storage, read_write> sum: array<f32>;

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
  var own = 0.0;
  for (var part = local; part < PARTS; part += 256u) {
    own += parts[part];
  }
  sums[local] = own;
  for (var width = 128u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (local < width) {
      sums[local] += sums[local + width];
    }
  }
  if (local == 0u) {
    sum[0] = sums[0];
  }
}
