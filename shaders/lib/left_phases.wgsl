// The left factor of the input gradient of a convolution with a stride, as the patches of dy [N,Ho,Wo,O] that reach the pixels of dx.
// Pixels of a phase (y mod S, x mod S) see the same taps, those of another phase others; the phases are the product's batches.
// A tap follows another TAP_STEP taps on, and sees dy TAP_DISTANCE pixels before.
#include lib/convolution_geometry.wgsl

const INPUT_VECTORS: u32 = 1u;
const TAP_STEP: u32 = 1u;
const TAP_DISTANCE: u32 = 1u;

const PHASE_HEIGHT = (HEIGHT + STRIDE - 1u) / STRIDE;
const PHASE_WIDTH = (WIDTH + STRIDE - 1u) / STRIDE;
// What `resultRow` gives for a row that is none of y.
const NO_ROW = 0xffffffffu;

@group(0) @binding(0) var<storage, read> left: array<vec4f>;
// Of each phase, along the rows and along the columns: its first pixel, its first tap, how many taps, and the place in dy that the
// first tap sees from the first pixel. That may be negative: u32 wraps, which `loadLeft` takes as outside.
@group(0) @binding(6) var<uniform> phases: array<vec4u, 2u * STRIDE * STRIDE>;

// Image, row and column of a pixel among those of its phase.
fn phasePixel(pixel: u32) -> vec3u {
  return vec3u(pixel / (PHASE_HEIGHT * PHASE_WIDTH), pixel / PHASE_WIDTH % PHASE_HEIGHT, pixel % PHASE_WIDTH);
}

// Image, and row and column in dy of the first tap; the phase's taps side by side.
fn leftRow(phase: u32, pixel: u32) -> vec4u {
  let columns = phases[2u * phase + 1u];
  return vec4u(phasePixel(pixel) + vec3u(0u, phases[2u * phase].w, columns.w), columns.z);
}

fn loadLeft(origin: vec4u, vector: u32) -> vec4f {
  let tap = vector / INPUT_VECTORS;
  let row = origin.y - tap / origin.w * TAP_DISTANCE;
  let column = origin.z - tap % origin.w * TAP_DISTANCE;
  if (row >= OUTPUT_HEIGHT || column >= OUTPUT_WIDTH) {
    return vec4f(0.0);
  }
  return left[((origin.x * OUTPUT_HEIGHT + row) * OUTPUT_WIDTH + column) * INPUT_VECTORS + vector % INPUT_VECTORS];
}

// The place of vec4f `k` of a column of the right factor, the weights [R,S,I,O].
fn transposedRight(phase: u32, k: u32, column: u32) -> u32 {
  let rows = phases[2u * phase];
  let columns = phases[2u * phase + 1u];
  let tap = k / INPUT_VECTORS;
  let place = (rows.y + tap / columns.z * TAP_STEP) * KERNEL_WIDTH + columns.y + tap % columns.z * TAP_STEP;
  return (place * 4u * sizes.z + column) * INPUT_VECTORS + k % INPUT_VECTORS;
}

fn sumVectors(phase: u32) -> u32 {
  return phases[2u * phase].z * phases[2u * phase + 1u].z * INPUT_VECTORS;
}

// Ragged sizes leave some phases without a last row or column.
fn resultRow(split: u32, phase: u32, pixel: u32) -> u32 {
  let at = phasePixel(pixel);
  let row = at.y * STRIDE + phases[2u * phase].x;
  let column = at.z * STRIDE + phases[2u * phase + 1u].x;
  let inside = pixel < sizes.x && row < HEIGHT && column < WIDTH;
  return select(NO_ROW, ((split * BATCH + at.x) * HEIGHT + row) * WIDTH + column, inside);
}
