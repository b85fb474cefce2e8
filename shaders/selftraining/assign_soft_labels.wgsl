// Soft pseudo-labels with entropy regularisation (LRENT; CRST, Zou et al. 2019) of every pixel: soft_c = w_c / Σ_j w_j
// with w_c = (score_c/λ_c)^{1/α}. The hard label is arg max soft, the first class on ties, but 255 unless Σ_j w_j is
// above 1.
// Bindings: 0 logits read · 1 views read · 2 prior read (see lib/class_score_inputs.wgsl) · 3 thresholds [CLASSES + 1]
// read: (bits of λ, biased exponent of λ + 32, bits of log₂ of its mantissa in [1, 2), 0), and a last row (bits of 1/α,
// first word of the launch, the word after its last, 0)
// · 4 labels [N,H,W] write, bytes, four to a word · 5 counts [CLASSES] read-write: pixels that got each class
// · 6 soft labels write, as the include SHARES says.
// Schedule: one invocation per word of four pixels. Bound: C logarithms, exponentials and long divisions per pixel. The
// logarithm of a ratio is the difference of two logarithms. Their exponents are subtracted as integers. So only the
// logarithms of the mantissas carry an error, which 1/α multiplies.
#include ASSIGN
#include SHARES
#include lib/bilinear.wgsl
#include SCORES
#include lib/exact_quotient.wgsl
#include lib/grid.wgsl

const LOWEST: f32 = -100000000.0f;  // stands for log 0

@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read> views: array<vec4u>;
@group(0) @binding(2) var<storage, read> prior: array<vec4f>;
@group(0) @binding(3) var<storage, read> thresholds: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> labels: array<u32>;
@group(0) @binding(5) var<storage, read_write> counts: array<atomic<u32>>;

// The first pixel of the launch.
fn firstPixel() -> u32 {
  return 4u * thresholds[CLASSES].y;
}

// The logarithm to base 2 of w_c. A score that is 0, negative or no number has no weight.
fn logWeight(score: f32, threshold: vec4u) -> f32 {
  let bits = bitcast<u32>(score);
  if (bits == 0u || bits > 0x7f800000u) {
    return LOWEST;
  }
  let parts = mantissa(bits);
  let fraction = log2(f32(parts.x) / 8388608.0) - bitcast<f32>(threshold.z);
  return (f32(i32(parts.y) - i32(threshold.y)) + fraction) * bitcast<f32>(thresholds[CLASSES].x);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let word = thresholds[CLASSES].y + gridIndex(workgroup, workgroups, local, 64u);
  let rows = labelRows();
  let columns = labelColumns();
  let pixels = labelPixels();
  if (word >= thresholds[CLASSES].z) {
    return;
  }
  let end = min(word * 4u + 4u, pixels);
  var packed = 0xffffffffu;
  var pixel = word * 4u;
  while (pixel < end) {
    let image = pixel / (rows * columns);
    let row = pixel / columns % rows;
    enterStretch(image, row, pixel % columns);
    loop {
      let label = assignPixel(pixel, image, row, pixel % columns);
      packed = insertBits(packed, label, 8u * (pixel % 4u), 8u);
      if (label < CLASSES) {
        atomicAdd(&counts[label], 1u);
      }
      pixel++;
      if (pixel >= end || pixel % columns == 0u || !staysInStretch(pixel % columns)) { break; }
    }
  }
  labels[word] = packed;
}
