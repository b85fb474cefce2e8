// Gradient of the dice loss at the probabilities:
// dp[p,c] = g · (2/C) · (i_c / (u_c + SMOOTHING)² − t_c / (u_c + SMOOTHING)). It is 0 at pixels that do not count.
// Bindings: 0 sums [2,C] vec4f read: i = Σ p·t, then u = Σ (p + t) · 1 labels [P] bytes, four to a word, read · 2 g [1]
// read · 3 dp [P,C] vec4f write.
// Schedule: one invocation per pixel and four classes. Bound: a store per pixel and class.
#include lib/grid.wgsl
#include lib/labelled_pixels.wgsl

const SMOOTHING: f32 = 0.0001f;

@group(0) @binding(2) var<storage, read> outputGradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let at = gridIndex(workgroup, workgroups, local, 64u);
  if (at >= PIXELS * VECTORS) {
    return;
  }
  let vector = at % VECTORS;
  let id = classOf(at / VECTORS);
  let factor = 1.0 / (values[VECTORS + vector] + SMOOTHING);
  let slope = (values[vector] * factor - oneHot(vector, id)) * factor * (2.0 * outputGradient[0] / f32(CLASSES));
  let counts = isClass(vector) & vec4<bool>(id != NO_CLASS);
  gradient[at] = select(vec4f(0.0), slope, counts);
}
