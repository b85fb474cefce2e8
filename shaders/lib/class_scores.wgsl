// The scores of all classes at one pixel. Every kernel that asks gets the same bits. lib/class_score_inputs.wgsl says
// what they are, and what the including file declares. This is for few classes, whose scores fit registers. For many
// there is lib/class_scores_many.wgsl, with the same functions for the kernels to call.
#include lib/class_score_inputs.wgsl

// What is known of the view at hand: the logits in the columns left and right of the pixel, already interpolated down
// to the pixel's row, and the share of the right column.
var<private> view: vec4u;
var<private> coveredRows: vec4u;
var<private> coveredColumns: vec4u;
var<private> leftColumn: u32;
var<private> left: array<vec4f, CLASS_VECTORS>;
var<private> right: array<vec4f, CLASS_VECTORS>;
var<private> rightWeight: f32;

fn besideColumn(column: u32) -> Between {
  let width = labelColumns();
  return betweenPart(select(column, width - 1u - column, view.w == 1u), coveredColumns, width, ALIGN_CORNERS);
}

fn loadColumns(index: u32, image: u32, row: u32, column: u32) {
  view = views[3u * index + 1u];
  coveredRows = views[3u * index + 2u];
  coveredColumns = views[3u * index + 3u];
  let horizontal = besideColumn(column);
  let vertical = betweenPart(row, coveredRows, labelRows(), ALIGN_CORNERS);
  let top = view.x + ((image * view.y + vertical.low) * view.z) * CLASS_VECTORS;
  let bottom = view.x + ((image * view.y + vertical.high) * view.z) * CLASS_VECTORS;
  leftColumn = horizontal.low;
  rightWeight = horizontal.weight;
  #unroll v in 0..CLASS_VECTORS {
    let topLeft$v = logits[top + horizontal.low * CLASS_VECTORS + $v];
    let topRight$v = logits[top + horizontal.high * CLASS_VECTORS + $v];
    left[$v] = topLeft$v + (logits[bottom + horizontal.low * CLASS_VECTORS + $v] - topLeft$v) * vertical.weight;
    right[$v] = topRight$v + (logits[bottom + horizontal.high * CLASS_VECTORS + $v] - topRight$v) * vertical.weight;
  }
}

// Begins a stretch: pixels of a row that follow each other and lie between the same two columns of logits. With a
// single view the columns are loaded once per stretch. Call this before classScores, and stay in the stretch as long as
// staysInStretch says so. The caller needs a loop for that, not a branch: a software adapter also executes the branch
// that is not taken.
fn enterStretch(image: u32, row: u32, column: u32) {
  if (VIEWS == 1u) { loadColumns(0u, image, row, column); }
}

// Whether a pixel of the row belongs to the stretch. If so, the next call of classScores must ask for this pixel.
fn staysInStretch(column: u32) -> bool {
  let horizontal = besideColumn(column);
  rightWeight = horizontal.weight;
  return VIEWS == 1u && horizontal.low == leftColumn;
}

fn interpolatedView(index: u32, image: u32, row: u32, column: u32) -> array<vec4f, CLASS_VECTORS> {
  if (VIEWS > 1u) { loadColumns(index, image, row, column); }
  var values: array<vec4f, CLASS_VECTORS>;
  #unroll v in 0..CLASS_VECTORS { values[$v] = left[$v] + (right[$v] - left[$v]) * rightWeight; }
  return values;
}

fn softmax(values: array<vec4f, CLASS_VECTORS>) -> array<vec4f, CLASS_VECTORS> {
  var largest = vec4f(-1e30);
  #unroll v in 0..CLASS_VECTORS { largest = max(largest, select(vec4f(-1e30), values[$v], isClass($(v + 0)u))); }
  let most = max(max(largest.x, largest.y), max(largest.z, largest.w));
  var exponentials: array<vec4f, CLASS_VECTORS>;
  var total = vec4f(0.0);
  #unroll v in 0..CLASS_VECTORS {
    exponentials[$v] = select(vec4f(0.0), exp(values[$v] - most), isClass($(v + 0)u));
    total += exponentials[$v];
  }
  let scale = 1.0 / (total.x + total.y + total.z + total.w);
  #unroll v in 0..CLASS_VECTORS { exponentials[$v] *= scale; }
  return exponentials;
}

fn classScores(image: u32, row: u32, column: u32) -> array<vec4f, CLASS_VECTORS> {
  var scores: array<vec4f, CLASS_VECTORS>;
  for (var index = 0u; index < VIEWS; index++) {
    var values = interpolatedView(index, image, row, column);
    if (!IS_PROBABILITY && !AVERAGE_LOGITS) { values = softmax(values); }
    #unroll v in 0..CLASS_VECTORS {
      if (TAKES_MAXIMUM) { scores[$v] = max(scores[$v], values[$v]); } else { scores[$v] += values[$v]; }
    }
  }
  if (VIEWS > 1u && !TAKES_MAXIMUM) {
    #unroll v in 0..CLASS_VECTORS { scores[$v] /= f32(VIEWS); }
  }
  if (AVERAGE_LOGITS && !IS_PROBABILITY) { scores = softmax(scores); }
  if (HAS_PRIOR) {
    let place = priorPlace(row, column);
    #unroll v in 0..CLASS_VECTORS { scores[$v] *= prior[place * CLASS_VECTORS + $v]; }
  }
  return scores;
}

// The largest score and its class, the first on ties. It selects rather than branches: a branch costs a software
// adapter more than what it skips.
fn largestScore(scores: array<vec4f, CLASS_VECTORS>) -> Largest {
  var largest = Largest(-3.4e38, 0u);
  #unroll v in 0..CLASS_VECTORS {
    #unroll k in 0..4 {
      let better$(v * 4 + k) = $(v * 4 + k)u < CLASSES && scores[$v][$k] > largest.score;
      largest.score = select(largest.score, scores[$v][$k], better$(v * 4 + k));
      largest.id = select(largest.id, $(v * 4 + k)u, better$(v * 4 + k));
    }
  }
  return largest;
}

fn topScore(image: u32, row: u32, column: u32) -> Largest {
  return largestScore(classScores(image, row, column));
}
