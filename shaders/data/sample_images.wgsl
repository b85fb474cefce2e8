// Cuts a training crop out of each image of a batch, in one step: change the colours, normalise, scale bilinearly,
// crop, mirror. y[n,i,j] = bilinear(normalise(colours(x[n])))[top + i, left + j].
// The bilinear image has scaledHeight × scaledWidth pixels, with half-pixel centres and no antialiasing. In a mirrored
// crop j counts from the right. Beyond the scaled image y is 0, the value after normalising.
// With BLUE_FIRST the channels of y are blue, green, red.
// Of a slice: ROWS rows of each crop from row FIRST_ROW on.
// Bindings: 0 x [N,H,W] read; a pixel is a u32 of 4 bytes: red in the lowest, green, blue, and one that is not read
// · 1 geometry [N,3] vec4f read: (scaledHeight, scaledWidth, top, left), (mirror, brightness, contrast, saturation),
// (height, width, …) · 2 y [N,h,w,3 + padding] vec4f write.
// Schedule: one invocation per output pixel. Bound: 4 pixels of 4 bytes read and 16 bytes written per output pixel.
#include lib/bilinear.wgsl
#include lib/crop.wgsl
#include lib/grid.wgsl

const BATCH: u32 = 1u;
const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const CROP_WIDTH: u32 = 1u;
const FIRST_ROW: u32 = 0u;
const ROWS: u32 = 1u;
const RED_DIVISOR: f32 = 127.5f;
const GREEN_DIVISOR: f32 = 127.5f;
const BLUE_DIVISOR: f32 = 127.5f;
const RED_SHIFT: f32 = -1.0f;
const GREEN_SHIFT: f32 = -1.0f;
const BLUE_SHIFT: f32 = -1.0f;
const BLUE_FIRST: bool = false;

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> geometry: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

// A pixel of x after colour changes and normalisation. Colour factors of 1 leave the bytes exactly as they are.
fn texel(index: u32, colours: vec4f) -> vec3f {
  let bytes = x[index];
  var colour = vec3f(vec3u(bytes & 255u, (bytes >> 8u) & 255u, (bytes >> 16u) & 255u));
  colour *= colours.y;
  colour += (colours.z - 1.0) * (colour - 127.5);
  colour += (colours.w - 1.0) * (colour - dot(colour, vec3f(0.299, 0.587, 0.114)));
  colour = clamp(colour, vec3f(0.0), vec3f(255.0));
  return colour / vec3f(RED_DIVISOR, GREEN_DIVISOR, BLUE_DIVISOR) + vec3f(RED_SHIFT, GREEN_SHIFT, BLUE_SHIFT);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= BATCH * ROWS * CROP_WIDTH) {
    return;
  }
  let place = cropPixel(index, FIRST_ROW, ROWS, CROP_WIDTH, vec2u(HEIGHT, WIDTH));
  let image = place.image;
  let colours = geometry[3u * image + 1u];
  if (!place.isInside) {
    y[index] = vec4f(0.0);
    return;
  }
  let vertical = between(place.row, place.size.x, place.height, false);
  let horizontal = between(place.column, place.size.y, place.width, false);
  let top = place.start + vertical.low * place.size.y;
  let bottom = place.start + vertical.high * place.size.y;
  let upper = mixed(texel(top + horizontal.low, colours), texel(top + horizontal.high, colours), horizontal.weight);
  let lower = mixed(texel(bottom + horizontal.low, colours), texel(bottom + horizontal.high, colours), horizontal.weight);
  let colour = mixed(upper, lower, vertical.weight);
  y[index] = vec4f(select(colour, colour.zyx, BLUE_FIRST), 0.0);
}

// Exactly `a` where the weight is 0. The built-in function `mix` does not promise that.
fn mixed(a: vec3f, b: vec3f, weight: f32) -> vec3f {
  return a + weight * (b - a);
}
