// What the kernels of the interpolated cross-entropy read and write, and the parts of a target that they share.
#include lib/class_lanes.wgsl
#include lib/hard_labels.wgsl

const BATCH: u32 = 1u;
const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const LOGITS_HEIGHT: u32 = 1u;
const LOGITS_WIDTH: u32 = 1u;
const VECTORS: u32 = 1u;
const ROWS_PER_INVOCATION: u32 = 1u;
const ALIGN_CORNERS: bool = false;
const SOFT_LABELS: bool = false;
const HAS_CLASS_WEIGHTS: bool = false;
const HAS_PIXEL_WEIGHTS: bool = false;
const GRADIENT: bool = false;

// What the sum of the losses is divided by; 0: the sum of the weights.
const DIVISOR: f32 = 0.0f;

// 0: no regulariser · 1: MRKLD · 2: MRENT · 3: MRL2, as in `regularizerOf`.
const REGULARIZER: u32 = 0u;
const REGULARIZER_WEIGHT: f32 = 0.0f;
const HAS_IMAGE_SHARES: bool = false;

const FIRST_IMAGE: u32 = 0u;
const FIRST_ROW: u32 = 0u;
const SLICE_ROWS: u32 = 1u;
const FIRST_LOGITS_ROW: u32 = 0u;
const LOGITS_ROWS: u32 = 1u;

const ROWS = BATCH * SLICE_ROWS;
const INVOCATIONS = (ROWS + ROWS_PER_INVOCATION - 1u) / ROWS_PER_INVOCATION * LOGITS_WIDTH;

@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(2) var<storage, read> softLabels: array<vec4f>;
@group(0) @binding(3) var<storage, read> classWeights: array<f32>;
@group(0) @binding(4) var<storage, read> pixelWeights: array<f32>;
@group(0) @binding(5) var<storage, read_write> result: array<vec4f>;
@group(0) @binding(6) var<storage, read> imageShares: array<f32>;
@group(0) @binding(7) var<storage, read> lossSums: array<vec4f>;

// Class weight × soft label × pixel weight of four classes. Padding classes are 0 in memory.
fn softGoal(pixel: u32, vector: u32, pixelWeight: f32) -> vec4f {
  let soft = pixelWeight * softLabels[pixel * VECTORS + vector];
  if (!HAS_CLASS_WEIGHTS) {
    return soft;
  }
  let at = 4u * vector;
  return soft * vec4f(classWeights[at], classWeights[at + 1u], classWeights[at + 2u], classWeights[at + 3u]);
}

// How much an image of the slice is regularised.
fn imageShare(image: u32) -> f32 {
  if (!HAS_IMAGE_SHARES) {
    return 1.0;
  }
  return imageShares[FIRST_IMAGE + image];
}

// What the regulariser of a pixel adds up over the classes. `shifted` are logits less their largest, `exponential`
// their exponentials.
fn regularizerPart(exponential: vec4f, shifted: vec4f, vector: u32) -> vec4f {
  switch REGULARIZER {
    case 1u: { return select(vec4f(0.0), shifted, isClass(vector)); }
    case 2u: { return exponential * shifted; }
    default: { return exponential * exponential; }
  }
}

// The regulariser of a pixel, from the sum of its parts and that of the exponentials: MRKLD −(1/K) Σ_k log p_k, MRENT
// Σ_k p_k log p_k, MRL2 Σ_k p_k² (CRST, Zou et al., ICCV 2019, table 1).
fn regularizerOf(parts: f32, sum: f32) -> f32 {
  switch REGULARIZER {
    case 1u: { return log(sum) - parts / f32(CLASSES); }
    case 2u: { return parts / sum - log(sum); }
    default: { return parts / (sum * sum); }
  }
}

// Its gradient at the logits of four classes: p_i − 1/K, p_i (log p_i − r), 2 p_i (p_i − r), where r is its value.
fn regularizerGradient(exponential: vec4f, shifted: vec4f, vector: u32, sum: f32, value: f32) -> vec4f {
  let probability = exponential / sum;
  switch REGULARIZER {
    case 1u: { return select(vec4f(0.0), probability - 1.0 / f32(CLASSES), isClass(vector)); }
    case 2u: { return probability * (shifted - log(sum) - value); }
    default: { return 2.0 * probability * (probability - value); }
  }
}

// The factors of a pixel's two gradients: one over the sum of the weights, or over DIVISOR; and the weight of the
// regulariser, times the pixel's share in it, over the sum of these.
fn gradientScales(share: f32) -> vec2f {
  let sums = lossSums[0];
  let divisor = select(sums.y, DIVISOR, DIVISOR > 0.0f);
  return vec2f(
    select(0.0, 1.0 / divisor, divisor > 0.0),
    select(0.0, REGULARIZER_WEIGHT * share / sums.w, sums.w > 0.0),
  );
}
