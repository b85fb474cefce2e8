// The scores of many classes at one pixel: those of lib/class_scores.wgsl, computed vec4f by vec4f when asked for.
// Drivers compile neither text for every class nor large arrays in a bearable time. So nothing is kept of a pixel but
// what its softmax needs, for each view.
#include lib/class_score_inputs.wgsl

// For each view: where the four logits around the pixel begin, the shares of the right column and of the lower row, and
// the shift and the factor of the softmax.
var<private> corners: array<vec4u, VIEWS>;
var<private> shares: array<vec2f, VIEWS>;
var<private> scales: array<vec2f, VIEWS>;
// The shift and the factor of the softmax of averaged logits.
var<private> meanScale: vec2f;
var<private> priorStart: u32;

// Nothing is kept from pixel to pixel, so each is a stretch of its own.
fn enterStretch(image: u32, row: u32, column: u32) {
}

fn staysInStretch(column: u32) -> bool {
  return false;
}

// Goes to a pixel. `scoreOf` then gives its scores.
fn enterPixel(image: u32, row: u32, column: u32) {
  let width = labelColumns();
  for (var index = 0u; index < VIEWS; index++) {
    let view = views[3u * index + 1u];
    let rows = views[3u * index + 2u];
    let columns = views[3u * index + 3u];
    let seen = select(column, width - 1u - column, view.w == 1u);
    let horizontal = betweenPart(seen, columns, width, ALIGN_CORNERS);
    let vertical = betweenPart(row, rows, labelRows(), ALIGN_CORNERS);
    let top = view.x + ((image * view.y + vertical.low) * view.z) * CLASS_VECTORS;
    let bottom = view.x + ((image * view.y + vertical.high) * view.z) * CLASS_VECTORS;
    let left = horizontal.low * CLASS_VECTORS;
    let right = horizontal.high * CLASS_VECTORS;
    corners[index] = vec4u(top + left, top + right, bottom + left, bottom + right);
    shares[index] = vec2f(horizontal.weight, vertical.weight);
    if (!IS_PROBABILITY && !AVERAGE_LOGITS) {
      var largest = vec4f(-1e30);
      for (var v = 0u; v < CLASS_VECTORS; v++) {
        largest = max(largest, select(vec4f(-1e30), interpolated(index, v), isClass(v)));
      }
      let most = max(max(largest.x, largest.y), max(largest.z, largest.w));
      var total = vec4f(0.0);
      for (var v = 0u; v < CLASS_VECTORS; v++) {
        total += select(vec4f(0.0), exp(interpolated(index, v) - most), isClass(v));
      }
      scales[index] = vec2f(most, 1.0 / (total.x + total.y + total.z + total.w));
    }
  }
  if (AVERAGE_LOGITS && !IS_PROBABILITY) {
    var largest = vec4f(-1e30);
    for (var v = 0u; v < CLASS_VECTORS; v++) {
      largest = max(largest, select(vec4f(-1e30), meanOfViews(v), isClass(v)));
    }
    let most = max(max(largest.x, largest.y), max(largest.z, largest.w));
    var total = vec4f(0.0);
    for (var v = 0u; v < CLASS_VECTORS; v++) {
      total += select(vec4f(0.0), exp(meanOfViews(v) - most), isClass(v));
    }
    meanScale = vec2f(most, 1.0 / (total.x + total.y + total.z + total.w));
  }
  if (HAS_PRIOR) {
    priorStart = priorPlace(row, column) * CLASS_VECTORS;
  }
}

fn interpolated(index: u32, vector: u32) -> vec4f {
  let corner = corners[index];
  let share = shares[index];
  let topLeft = logits[corner.x + vector];
  let topRight = logits[corner.y + vector];
  let left = topLeft + (logits[corner.z + vector] - topLeft) * share.y;
  let right = topRight + (logits[corner.w + vector] - topRight) * share.y;
  return left + (right - left) * share.x;
}

// The mean over the views of probabilities or, with AVERAGE_LOGITS, of logits; with TAKES_MAXIMUM the largest
// probability.
fn meanOfViews(vector: u32) -> vec4f {
  var sum = vec4f(0.0);
  for (var index = 0u; index < VIEWS; index++) {
    var values = interpolated(index, vector);
    if (!IS_PROBABILITY && !AVERAGE_LOGITS) {
      values = select(vec4f(0.0), exp(values - scales[index].x), isClass(vector)) * scales[index].y;
    }
    sum = select(sum + values, max(sum, values), TAKES_MAXIMUM);
  }
  if (VIEWS > 1u && !TAKES_MAXIMUM) {
    sum /= f32(VIEWS);
  }
  return sum;
}

// The scores of four classes at the pixel.
fn scoreOf(vector: u32) -> vec4f {
  var score = meanOfViews(vector);
  if (AVERAGE_LOGITS && !IS_PROBABILITY) {
    score = select(vec4f(0.0), exp(score - meanScale.x), isClass(vector)) * meanScale.y;
  }
  if (HAS_PRIOR) {
    score *= prior[priorStart + vector];
  }
  return score;
}

// The largest score and its class, the first on ties.
fn topScore(image: u32, row: u32, column: u32) -> Largest {
  enterPixel(image, row, column);
  var largest = Largest(-3.4e38, 0u);
  for (var v = 0u; v < CLASS_VECTORS; v++) {
    let scores = scoreOf(v);
    #unroll k in 0..4 {
      let better$k = 4u * v + $(k + 0)u < CLASSES && scores[$k] > largest.score;
      largest.score = select(largest.score, scores[$k], better$k);
      largest.id = select(largest.id, 4u * v + $(k + 0)u, better$k);
    }
  }
  return largest;
}
