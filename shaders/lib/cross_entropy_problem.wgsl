// What the kernels of the interpolated cross-entropy read and write, and the parts of a target that they share.
const BATCH: u32 = 1u;
const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const LOGITS_HEIGHT: u32 = 1u;
const LOGITS_WIDTH: u32 = 1u;
const CLASSES: u32 = 1u;
const VECTORS: u32 = 1u;
const ROWS_PER_INVOCATION: u32 = 1u;
const IGNORE_LABEL: u32 = 255u;
const ALIGN_CORNERS: bool = false;
const SOFT_LABELS: bool = false;
const HAS_CLASS_WEIGHTS: bool = false;
const HAS_PIXEL_WEIGHTS: bool = false;
const GRADIENT: bool = false;

const FIRST_ROW: u32 = 0u;
const SLICE_ROWS: u32 = 1u;
const FIRST_LOGITS_ROW: u32 = 0u;
const LOGITS_ROWS: u32 = 1u;
const FIRST_LABEL: u32 = 0u;

const ROWS = BATCH * SLICE_ROWS;
const INVOCATIONS = (ROWS + ROWS_PER_INVOCATION - 1u) / ROWS_PER_INVOCATION * LOGITS_WIDTH;

@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> softLabels: array<vec4f>;
@group(0) @binding(3) var<storage, read> classWeights: array<f32>;
@group(0) @binding(4) var<storage, read> pixelWeights: array<f32>;
@group(0) @binding(5) var<storage, read_write> result: array<vec4f>;

fn classes(vector: u32) -> vec4u {
  return 4u * vector + vec4u(0u, 1u, 2u, 3u);
}

fn isPadding(vector: u32) -> vec4<bool> {
  return classes(vector) >= vec4u(CLASSES);
}

// Class weight × soft label × pixel weight of four classes. Padding classes are 0 in memory.
fn softGoal(pixel: u32, vector: u32, pixelWeight: f32) -> vec4f {
  let soft = pixelWeight * softLabels[pixel * VECTORS + vector];
  if (!HAS_CLASS_WEIGHTS) {
    return soft;
  }
  let at = 4u * vector;
  return soft * vec4f(classWeights[at], classWeights[at + 1u], classWeights[at + 2u], classWeights[at + 3u]);
}
