// The channels of range images: y[n,i,j] = (x, y, z, intensity, range, existence) of the winner of the pixel. Without a
// winner the first five are −1, and existence is 0. SCALED divides them by 50, 50, 3, 1 and 80. The range is |xyz|, or
// hypot(x, y) by the rule of rings.
// Of a slice: PIXELS pixels of each image. All points of the scans are bound.
// Bindings: 0 points [N,CAPACITY · 5] u32 read · 1 winner [N,PIXELS] u32 read · 2 geometry [N,7] vec4f read, see
// src/ops/scans/geometry.ts · 3 y [N,PIXELS,VECTORS] vec4f write.
// Schedule: one invocation per pixel. Bound: 52 bytes moved per pixel, 16 of them from anywhere.
#include lib/grid.wgsl
#include lib/no_point.wgsl
#include lib/scan_geometry.wgsl

const BATCH: u32 = 1u;
const CAPACITY: u32 = 1u;
const PIXELS: u32 = 1u;
const VECTORS: u32 = 2u;
const EXISTENCE: bool = true;
const SCALED: bool = true;

@group(0) @binding(0) var<storage, read> points: array<u32>;
@group(0) @binding(1) var<storage, read> winner: array<u32>;
@group(0) @binding(2) var<storage, read> geometry: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let pixel = gridIndex(workgroup, workgroups, local, 64u);
  if (pixel >= BATCH * PIXELS) {
    return;
  }
  let scan = pixel / PIXELS;
  let point = winner[pixel];
  var near = vec4f(-1.0);
  var far = vec2f(-1.0, 0.0);
  if (point != NO_POINT) {
    let start = pointStart(scan, point);
    let view = geometry[7u * scan + 2u];
    var place = movedPoint(scan, pointBits(start));
    place.y = select(place.y, -place.y, view.y == 1.0);
    near = vec4f(place, bitcast<f32>(points[start + 3u]) * select(1.0, view.w, SCALED));
    // Scaled by the largest, so that no square overflows.
    let measured = vec3f(place.xy, select(place.z, 0.0, seesRings(scan)));
    let largest = max(max(abs(measured.x), abs(measured.y)), max(abs(measured.z), 0x1p-126f));
    far = vec2f(largest * length(measured / largest), 1.0);
  }
  if (SCALED) {
    near /= vec4f(50.0, 50.0, 3.0, 1.0);
    far.x /= 80.0;
  }
  y[VECTORS * pixel] = near;
  y[VECTORS * pixel + 1u] = vec4f(far.x, select(0.0, far.y, EXISTENCE), 0.0, 0.0);
}
