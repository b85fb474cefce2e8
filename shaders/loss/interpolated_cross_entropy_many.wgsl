// The same as interpolated_cross_entropy.wgsl, for networks with many classes. There every class of a pixel is text of
// its own, which drivers compile slowly: with 255 classes for a minute. Here loops go over the classes.
// Formulas, slices and results are those of that file.
// Bindings: 0 logits [N,h,w,C] vec4f read · 1 labels [N,H,W] bytes, four to a word, read · 2 soft labels [N,H,W,C]
// vec4f read · 3 class weights [C] read · 4 pixel weights [N,H,W] read · 5 result vec4f write · 6 how much each image
// is regularised [N] read · 7 the forward pass's sums read. Where a variant does not use one, any buffer is bound for
// it.
// Schedule: one invocation walks over a segment, as there. It keeps nothing of single classes: drivers compile large
// private arrays slowly too. It computes logits and exponentials again where they are needed, and adds the gradient up
// in the result.
// Bound: 8 loads of vec4f per output pixel and four classes, for the gradient 12 and the sums in memory.
#include lib/bilinear.wgsl
#include lib/cross_entropy_problem.wgsl
#include lib/grid.wgsl

// The logits of four classes, interpolated along the columns and then along the row. Where there are no classes, logits
// so small that their exponentials are 0.
fn logit(vector: u32, corners: vec4u, vertical: f32, horizontal: f32) -> vec4f {
  let topLeft = logits[corners.x + vector];
  let topRight = logits[corners.y + vector];
  let left = fma(vec4f(vertical), logits[corners.z + vector] - topLeft, topLeft);
  let right = fma(vec4f(vertical), logits[corners.w + vector] - topRight, topRight);
  return select(vec4f(-1e30), fma(vec4f(horizontal), right - left, left), isClass(vector));
}

// The target a of four classes.
fn goal(pixel: u32, vector: u32, pixelWeight: f32, label: u32, goalSum: f32) -> vec4f {
  if (SOFT_LABELS) {
    return softGoal(pixel, vector, pixelWeight);
  }
  return select(vec4f(0.0), vec4f(goalSum), classIds(vector) == vec4u(label));
}

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
    let corners = vec4u(top + leftColumn, top + rightColumn, bottom + leftColumn, bottom + rightColumn);
    let leftGradient = 2u * index * VECTORS;
    let rightGradient = leftGradient + VECTORS;
    if (GRADIENT) {
      for (var v = 0u; v < 2u * VECTORS; v++) {
        result[leftGradient + v] = vec4f(0.0);
      }
    }
    for (var column = firstColumn; column < WIDTH; column++) {
      let horizontal = between(column, LOGITS_WIDTH, WIDTH, ALIGN_CORNERS);
      if (horizontal.low != segment) {
        break;
      }
      let pixel = row * WIDTH + column;

      var pixelWeight = 1.0;
      if (HAS_PIXEL_WEIGHTS) {
        pixelWeight = pixelWeights[pixel];
      }
      var labelSum = 1.0;
      var goalSum = pixelWeight;
      var label = NO_CLASS;
      if (SOFT_LABELS) {
        var labelSums = vec4f(0.0);
        var goalSums = vec4f(0.0);
        for (var v = 0u; v < VECTORS; v++) {
          labelSums += softLabels[pixel * VECTORS + v];
          goalSums += softGoal(pixel, v, pixelWeight);
        }
        labelSum = (labelSums.x + labelSums.y) + (labelSums.z + labelSums.w);
        goalSum = (goalSums.x + goalSums.y) + (goalSums.z + goalSums.w);
        if (labelSum == 0.0) {
          continue;
        }
      } else {
        label = classOf(pixel);
        if (label == NO_CLASS) {
          continue;
        }
        if (HAS_CLASS_WEIGHTS) {
          goalSum *= classWeights[label];
        }
      }

      // Softmax of the interpolated logits, shifted by their largest.
      var largest = vec4f(-1e30);
      for (var v = 0u; v < VECTORS; v++) {
        largest = max(largest, logit(v, corners, vertical.weight, horizontal.weight));
      }
      let shift = max(max(largest.x, largest.y), max(largest.z, largest.w));
      var sums = vec4f(0.0);
      var products = vec4f(0.0);
      var parts = vec4f(0.0);
      for (var v = 0u; v < VECTORS; v++) {
        let shifted = logit(v, corners, vertical.weight, horizontal.weight) - shift;
        let exponential = select(vec4f(0.0), exp(shifted), isClass(v));
        sums += exponential;
        if (REGULARIZER > 0u) {
          parts += regularizerPart(exponential, shifted, v);
        }
        if (!GRADIENT) {
          products = fma(goal(pixel, v, pixelWeight, label, goalSum), shifted, products);
        }
      }
      let sum = (sums.x + sums.y) + (sums.z + sums.w);
      var regularizer = 0.0;
      var share = 0.0;
      if (REGULARIZER > 0u) {
        regularizer = regularizerOf((parts.x + parts.y) + (parts.z + parts.w), sum);
        share = pixelWeight * imageShare(row / SLICE_ROWS);
      }
      if (GRADIENT) {
        for (var v = 0u; v < VECTORS; v++) {
          let shifted = logit(v, corners, vertical.weight, horizontal.weight) - shift;
          let exponential = select(vec4f(0.0), exp(shifted), isClass(v));
          var gradient = fma(vec4f(goalSum / sum), exponential, -goal(pixel, v, pixelWeight, label, goalSum));
          if (REGULARIZER > 0u) {
            let scales = gradientScales(share);
            let regular = regularizerGradient(exponential, shifted, v, sum, regularizer);
            gradient = fma(vec4f(scales.x), gradient, scales.y * regular);
          }
          result[leftGradient + v] = fma(vec4f(1.0 - horizontal.weight), gradient, result[leftGradient + v]);
          result[rightGradient + v] = fma(vec4f(horizontal.weight), gradient, result[rightGradient + v]);
        }
      } else {
        lossSum += goalSum * log(sum) - ((products.x + products.y) + (products.z + products.w));
        weightSum += goalSum / labelSum;
        regularizerSums += vec2f(share * regularizer, select(0.0, pixelWeight, share > 0.0));
      }
    }
  }
  if (!GRADIENT) {
    result[index] = vec4f(lossSum, weightSum, regularizerSums);
  }
}
