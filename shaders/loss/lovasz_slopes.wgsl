// The Lovász-softmax and its gradient at the logits, in one pass. With the weight w of a pixel's error at each class,
// in parts the loss Σ w · error, and for each pixel y[p,c] = p_c · (s_c − Σ_k p_k · s_k), where s is −w at the pixel's
// own class and w at others. y is 0 at pixels that do not count. This is for few classes; for many there is
// lovasz_slopes_many.wgsl.
// Bindings: 0 logits [P,C] vec4f read · 1 labels [P] bytes, four to a word, read · 2 weights [2,C,BUCKETS] read · 3 y
// [P,C] vec4f write · 4 parts f32 write.
// Schedule: an invocation takes every 64th of 64 · PIXELS_PER_PART pixels, one after the other, and holds the classes
// of one. Bound: a load of a weight per pixel and class, from anywhere.
#include lib/grid.wgsl
#include lib/labelled_pixels.wgsl
#include lib/lovasz_buckets.wgsl
#include WEIGHTS

const PARTS: u32 = 64u;
const PIXELS_PER_PART: u32 = 1u;

@group(0) @binding(3) var<storage, read_write> slopes: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> parts: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let part = gridIndex(workgroup, workgroups, local, 64u);
  if (part >= PARTS) {
    return;
  }
  let first = part / 64u * 64u * PIXELS_PER_PART + part % 64u;
  var loss = 0.0;
  for (var pixel = first; pixel < min(first + 64u * PIXELS_PER_PART, PIXELS); pixel += 64u) {
    let id = classOf(pixel);
#include lib/pixel_softmax.wgsl
    var own = 0.0;
    #unroll v in 0..VECTORS {
      own += dot(oneHot($v, id), p$v);
    }
    let counts = id != NO_CLASS;
    let ownWeight = select(0.0, weightAt(foregroundPlace(min(id, CLASSES - 1u), 1.0 - own)), counts);
    var products = 0.0;
    #unroll v in 0..VECTORS {
      let at$v = backgroundPlaces($v, p$v);
      let found$v = vec4f(#unroll k in 0..4 { weightAt(at$v[$k]), });
      let s$v = select(select(vec4f(0.0), found$v, counts), vec4f(-ownWeight), classIds($v) == vec4u(id));
      products += dot(s$v, p$v);
    }
    // At the own class the product is −w · p, and w · (1 − p) is w more.
    loss += products + ownWeight;
    #unroll v in 0..VECTORS {
      slopes[pixel * VECTORS + $v] = p$v * (s$v - products);
    }
  }
  parts[part] = loss;
}
