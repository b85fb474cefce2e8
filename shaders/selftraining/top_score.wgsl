// The largest class score of each pixel, and its class (the first on ties).
// Bindings: 0 logits read · 1 views read · 2 prior read (see lib/class_scores.wgsl) · 3 keys [N,H,W] write: the score's f32 bits,
// which order as the scores do, since scores are not negative · 4 classes [N,H,W] write, u32.
// Schedule: one invocation per pixel. Bound: bytes of the logits around it, and C exponentials.
#include lib/bilinear.wgsl
#include lib/class_scores.wgsl
#include lib/grid.wgsl

@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read> views: array<vec4u>;
@group(0) @binding(2) var<storage, read> prior: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> keys: array<u32>;
@group(0) @binding(4) var<storage, read_write> classes: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let pixel = gridIndex(workgroup, workgroups, local, 64u);
  if (pixel >= PIXELS) {
    return;
  }
  let scores = classScores(pixel / (HEIGHT * WIDTH), pixel / WIDTH % HEIGHT, pixel % WIDTH);
  var best = -1.0;
  var bestClass = 0u;
  #unroll v in 0..CLASS_VECTORS {
    #unroll k in 0..4 {
      if ($(v * 4 + k)u < CLASSES && scores[$v][$k] > best) {
        best = scores[$v][$k];
        bestClass = $(v * 4 + k)u;
      }
    }
  }
  // Adding zero turns a negative zero into a positive one, whose bits are the smallest.
  keys[pixel] = bitcast<u32>(max(best, 0.0) + 0.0);
  classes[pixel] = bestClass;
}
