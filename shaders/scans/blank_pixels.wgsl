// The pixels of range images that show no point lose their label: it becomes 255.
// Bindings: 0 winner [N,H,W] u32 read, NO_POINT where a pixel shows no point · 1 labels [N,H,W] read and write, bytes,
// four to a word.
// Schedule: one invocation per word of four labels.
// Bound: memory, 5 bytes a pixel read.
#include lib/grid.wgsl
#include lib/no_point.wgsl

const PIXELS: u32 = 1u;

@group(0) @binding(0) var<storage, read> winner: array<u32>;
@group(0) @binding(1) var<storage, read_write> labels: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let word = gridIndex(workgroup, workgroups, local, 64u);
  if (word * 4u >= PIXELS) { return; }
  var packed = labels[word];
  for (var byte = 0u; byte < 4u; byte++) {
    let pixel = word * 4u + byte;
    if (pixel < PIXELS && winner[pixel] == NO_POINT) {
      packed = packed | (0xffu << (8u * byte));
    }
  }
  labels[word] = packed;
}
