// Pseudo-labels: c* = arg max_c f32(score_c / λ_c), the first class on ties; 255 where the largest ratio is below 1, that is,
// where no score reaches its threshold (CBST, Zou et al. 2018, section 4; equality is kept, as in the released code).
// Bindings: 0 logits read · 1 views read · 2 prior read (see lib/class_scores.wgsl) · 3 thresholds λ [CLASSES] read ·
// 4 labels [N,H,W] write, u8 in words of four · 5 counts [CLASSES] read-write: pixels given each class.
// Schedule: one invocation per word of four pixels. The quotients are compared approximately first; only classes that are
// nearer than their possible error are divided exactly. Bound: as top_score.
#include lib/bilinear.wgsl
#include lib/class_scores.wgsl
#include lib/exact_quotient.wgsl
#include lib/grid.wgsl

@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read> views: array<vec4u>;
@group(0) @binding(2) var<storage, read> prior: array<vec4f>;
@group(0) @binding(3) var<storage, read> thresholds: array<f32>;
@group(0) @binding(4) var<storage, read_write> labels: array<u32>;
@group(0) @binding(5) var<storage, read_write> counts: array<atomic<u32>>;

fn assign(pixel: u32) -> u32 {
  let scores = classScores(pixel / (HEIGHT * WIDTH), pixel / WIDTH % HEIGHT, pixel % WIDTH);
  var kept = false;
  var largest = 0.0;
  #unroll v in 0..CLASS_VECTORS {
    #unroll k in 0..4 {
      if ($(v * 4 + k)u < CLASSES) {
        kept = kept || scores[$v][$k] >= thresholds[$(v * 4 + k)u];
        largest = max(largest, scores[$v][$k] / thresholds[$(v * 4 + k)u]);
      }
    }
  }
  if (!kept) {
    return 255u;
  }
  // Twice the error that WGSL allows a division, on either side.
  let near = largest * 0.999998;
  var candidates = 0u;
  var label = 255u;
  #unroll v in 0..CLASS_VECTORS {
    #unroll k in 0..4 {
      if ($(v * 4 + k)u < CLASSES && scores[$v][$k] / thresholds[$(v * 4 + k)u] >= near) {
        candidates += 1u;
        label = $(v * 4 + k)u;
      }
    }
  }
  if (candidates == 1u) {
    return label;
  }
  var best = 0u;
  #unroll v in 0..CLASS_VECTORS {
    #unroll k in 0..4 {
      if ($(v * 4 + k)u < CLASSES && scores[$v][$k] / thresholds[$(v * 4 + k)u] >= near) {
        let quotient = exactQuotient(scores[$v][$k], thresholds[$(v * 4 + k)u]);
        if (quotient > best) {
          best = quotient;
          label = $(v * 4 + k)u;
        }
      }
    }
  }
  return label;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let word = gridIndex(workgroup, workgroups, local, 64u);
  if (word * 4u >= PIXELS) {
    return;
  }
  var packed = 0u;
  for (var lane = 0u; lane < 4u; lane++) {
    var label = 255u;
    if (word * 4u + lane < PIXELS) {
      label = assign(word * 4u + lane);
      if (label < CLASSES) {
        atomicAdd(&counts[label], 1u);
      }
    }
    packed |= label << (8u * lane);
  }
  labels[word] = packed;
}
