// Bilinear interpolation of logits, softmax and weighted cross-entropy in one pass. No map of probabilities is ever
// stored. An output pixel has a target a and a pixel weight u. For a hard label, a is the class weight at the label;
// for a soft one, class weights · soft label. With A = Σ a and p the softmax:
// - the loss is u·Σ_c a_c·(−log p_c);
// - the weight is u·A for a hard label, u·A / Σ soft for a soft one;
// - the gradient at the pixel's logits is u·(A·p − a).
// A slice is SLICE_ROWS rows of the labels of each image, from FIRST_ROW on. It reads LOGITS_ROWS rows of the logits,
// from FIRST_LOGITS_ROW on. HEIGHT and LOGITS_HEIGHT are those of the whole image, N, H and h below those of the slice.
// Its first label is byte FIRST_LABEL of a word.
// Bindings: 0 logits [N,h,w,C] vec4f read · 1 labels [N,H,W] bytes, four to a word, read · 2 soft labels [N,H,W,C]
// vec4f read · 3 class weights [C] read · 4 pixel weights [N,H,W] read · 5 result vec4f write · 6 how much each image
// of the batch is regularised [N] read · 7 the forward pass's sums read, by the gradient of a regularised loss. Where a
// variant does not use one, any buffer is bound for it.
// With a regulariser r, a pixel also has s·u·r(p) in the third sum and, where s > 0, u in the fourth: s is how much its
// image is regularised. The gradient is then that of the whole loss, with all divisions.
// The result of the forward pass is one vec4f (loss, weight, regulariser, its weight) per invocation. With GRADIENT the
// result is [N,H,w,2,C]: for each output row and segment, the sums that belong to the logits left and right of it.
// These sums still lack the vertical half of the interpolation's gradient and, without a regulariser, the division by
// the weight.
// Schedule: a segment is the output pixels of one row that lie between the same two columns of logits. One invocation
// walks over a segment. It holds both columns in registers, already interpolated to the output row. The forward pass
// does so for ROWS_PER_INVOCATION rows.
// Bound: C exp per output pixel; 4·C/4 loads of vec4f per segment, and one load per pixel for its label.
#include lib/bilinear.wgsl
#include lib/cross_entropy_problem.wgsl
#include lib/grid.wgsl

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= INVOCATIONS) {
    return;
  }
  let segment = index % LOGITS_WIDTH;
  let firstRow = index / LOGITS_WIDTH * ROWS_PER_INVOCATION;
  let firstColumn = firstBetween(segment, LOGITS_WIDTH, WIDTH, ALIGN_CORNERS);
  let leftColumn = segment * VECTORS;
  let rightColumn = min(segment + 1u, LOGITS_WIDTH - 1u) * VECTORS;
  var lossSum = 0.0;
  var weightSum = 0.0;
  var regularizerSums = vec2f(0.0);
  for (var row = firstRow; row < min(firstRow + ROWS_PER_INVOCATION, ROWS); row++) {
    let vertical = between(FIRST_ROW + row % SLICE_ROWS, LOGITS_HEIGHT, HEIGHT, ALIGN_CORNERS);
    let top = (row / SLICE_ROWS * LOGITS_ROWS + vertical.low - FIRST_LOGITS_ROW) * LOGITS_WIDTH * VECTORS;
    let bottom = (row / SLICE_ROWS * LOGITS_ROWS + vertical.high - FIRST_LOGITS_ROW) * LOGITS_WIDTH * VECTORS;
    #unroll v in 0..VECTORS {
      let topLeft$v = logits[top + leftColumn + $v];
      let topRight$v = logits[top + rightColumn + $v];
      let left$v = fma(vec4f(vertical.weight), logits[bottom + leftColumn + $v] - topLeft$v, topLeft$v);
      let right$v = fma(vec4f(vertical.weight), logits[bottom + rightColumn + $v] - topRight$v, topRight$v);
      let step$v = right$v - left$v;
      var leftGradient$v = vec4f(0.0);
      var rightGradient$v = vec4f(0.0);
    }
    for (var column = firstColumn; column < WIDTH; column++) {
      let horizontal = between(column, LOGITS_WIDTH, WIDTH, ALIGN_CORNERS);
      if (horizontal.low != segment) {
        break;
      }
      let pixel = row * WIDTH + column;

      // The target a of the head comment, as goal0, goal1, …, and its sum A.
      var pixelWeight = 1.0;
      if (HAS_PIXEL_WEIGHTS) {
        pixelWeight = pixelWeights[pixel];
      }
      var labelSum = 1.0;
      var goalSum = pixelWeight;
      #unroll v in 0..VECTORS { var goal$v: vec4f; }
      if (SOFT_LABELS) {
        var labelSums = vec4f(0.0);
        var goalSums = vec4f(0.0);
        #unroll v in 0..VECTORS {
          labelSums += softLabels[pixel * VECTORS + $v];
          goal$v = softGoal(pixel, $v, pixelWeight);
          goalSums += goal$v;
        }
        labelSum = (labelSums.x + labelSums.y) + (labelSums.z + labelSums.w);
        goalSum = (goalSums.x + goalSums.y) + (goalSums.z + goalSums.w);
        if (labelSum == 0.0) {
          continue;
        }
      } else {
        let label = classOf(pixel);
        if (label == NO_CLASS) {
          continue;
        }
        if (HAS_CLASS_WEIGHTS) {
          goalSum *= classWeights[label];
        }
        #unroll v in 0..VECTORS { goal$v = select(vec4f(0.0), vec4f(goalSum), classIds($v) == vec4u(label)); }
      }

      // Softmax of the interpolated logits, shifted by their largest.
      var largest = vec4f(-1e30);
      #unroll v in 0..VECTORS {
        let logit$v = select(vec4f(-1e30), fma(vec4f(horizontal.weight), step$v, left$v), isClass($v));
        largest = max(largest, logit$v);
      }
      let shift = max(max(largest.x, largest.y), max(largest.z, largest.w));
      var sums = vec4f(0.0);
      #unroll v in 0..VECTORS {
        let shifted$v = logit$v - shift;
        let exp$v = select(vec4f(0.0), exp(shifted$v), isClass($v));
        sums += exp$v;
      }
      let sum = (sums.x + sums.y) + (sums.z + sums.w);
      var regularizer = 0.0;
      var share = 0.0;
      if (REGULARIZER > 0u) {
        var parts = vec4f(0.0);
        #unroll v in 0..VECTORS { parts += regularizerPart(exp$v, shifted$v, $(v + 0)u); }
        regularizer = regularizerOf((parts.x + parts.y) + (parts.z + parts.w), sum);
        share = pixelWeight * imageShare(row / SLICE_ROWS);
      }
      if (GRADIENT) {
        #unroll v in 0..VECTORS {
          var gradient$v = fma(vec4f(goalSum / sum), exp$v, -goal$v);
          if (REGULARIZER > 0u) {
            let scales$v = gradientScales(share);
            let regular$v = regularizerGradient(exp$v, shifted$v, $(v + 0)u, sum, regularizer);
            gradient$v = fma(vec4f(scales$v.x), gradient$v, scales$v.y * regular$v);
          }
          leftGradient$v = fma(vec4f(1.0 - horizontal.weight), gradient$v, leftGradient$v);
          rightGradient$v = fma(vec4f(horizontal.weight), gradient$v, rightGradient$v);
        }
      } else {
        var products = vec4f(0.0);
        #unroll v in 0..VECTORS { products = fma(goal$v, shifted$v, products); }
        lossSum += goalSum * log(sum) - ((products.x + products.y) + (products.z + products.w));
        weightSum += goalSum / labelSum;
        regularizerSums += vec2f(share * regularizer, select(0.0, pixelWeight, share > 0.0));
      }
    }
    if (GRADIENT) {
      #unroll v in 0..VECTORS {
        result[2u * index * VECTORS + $v] = leftGradient$v;
        result[2u * index * VECTORS + VECTORS + $v] = rightGradient$v;
      }
    }
  }
  if (!GRADIENT) {
    result[index] = vec4f(lossSum, weightSum, regularizerSums);
  }
}
