// The left factor of the input gradient of a convolution with a stride, taken from dy [N,Ho,Wo,O]. Row p of the factor
// is what pixel p of dx receives: the elements of dy at all taps that reach it.
// The phase of a pixel of dx is (y mod stride, x mod stride). All pixels of one phase are reached by the same taps, and
// other phases by other taps. So each phase is a product of its own, one batch of the launch.
// The taps of a phase lie TAP_STEP apart. Each next one sees dy TAP_DISTANCE pixels further up or left.
#include lib/convolution_geometry.wgsl
#include lib/no_row.wgsl

const INPUT_VECTORS: u32 = 1u;
const TAP_STEP: u32 = 1u;
const TAP_DISTANCE: u32 = 1u;

const PHASE_HEIGHT = (HEIGHT + STRIDE - 1u) / STRIDE;
const PHASE_WIDTH = (WIDTH + STRIDE - 1u) / STRIDE;

@group(0) @binding(0) var<storage, read> left: array<vec4f>;
// For each phase one vec4u for the rows and one for the columns: its first pixel, its first tap, its number of taps,
// and the place in dy that the first tap sees from the first pixel. That place may be negative: u32 wraps to a large
// number, which `loadLeft` counts as outside.
@group(0) @binding(6) var<uniform> phases: array<vec4u, 2u * STRIDE * STRIDE>;

// The image, row and column of a pixel, counted among the pixels of its phase.
fn phasePixel(pixel: u32) -> vec3u {
  return vec3u(pixel / (PHASE_HEIGHT * PHASE_WIDTH), pixel / PHASE_WIDTH % PHASE_HEIGHT, pixel % PHASE_WIDTH);
}

// The image, the row and column in dy that the first tap sees, and the number of taps along a row.
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

// The place in memory of vec4f `k` of a column of the right factor, which is the weights [R,S,I,O].
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

// Where the stride does not divide the size, some phases lack the last row or column.
fn resultRow(split: u32, phase: u32, pixel: u32) -> u32 {
  let at = phasePixel(pixel);
  let row = at.y * STRIDE + phases[2u * phase].x;
  let column = at.z * STRIDE + phases[2u * phase + 1u].x;
  let inside = pixel < sizes.x && row < HEIGHT && column < WIDTH;
  return select(NO_ROW, ((split * BATCH + at.x) * HEIGHT + row) * WIDTH + column, inside);
}
