// The scores of all classes at a pixel, the same bits in every kernel that asks: low-resolution logits of one or several
// views (scales, mirror images) of an image, interpolated to the pixel, turned into probabilities, averaged, and multiplied by
// the spatial prior. Or probability maps as they are. Whoever includes this declares
//   logits: array<vec4f>   views one after the other, each [N, h, w, C₄];
//   views: array<vec4u>    of each view (first vec4f, height, width, 1 if mirrored);
//   prior: array<vec4f>    [H, W, C₄], not read unless HAS_PRIOR.
// Needs lib/bilinear.wgsl.
const CLASSES: u32 = 1u;
const CLASS_VECTORS: u32 = 1u;
const BATCH: u32 = 1u;
const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const VIEWS: u32 = 1u;
const ALIGN_CORNERS: bool = false;
const IS_PROBABILITY: bool = false;
const AVERAGE_LOGITS: bool = false;
const HAS_PRIOR: bool = false;

const PIXELS = BATCH * HEIGHT * WIDTH;

fn interpolatedView(view: vec4u, image: u32, row: u32, column: u32) -> array<vec4f, CLASS_VECTORS> {
  let shown = select(column, WIDTH - 1u - column, view.w == 1u);
  let vertical = between(row, view.y, HEIGHT, ALIGN_CORNERS);
  let horizontal = between(shown, view.z, WIDTH, ALIGN_CORNERS);
  let top = view.x + ((image * view.y + vertical.low) * view.z) * CLASS_VECTORS;
  let bottom = view.x + ((image * view.y + vertical.high) * view.z) * CLASS_VECTORS;
  var values: array<vec4f, CLASS_VECTORS>;
  #unroll v in 0..CLASS_VECTORS {
    let topLeft$v = logits[top + horizontal.low * CLASS_VECTORS + $v];
    let topRight$v = logits[top + horizontal.high * CLASS_VECTORS + $v];
    let bottomLeft$v = logits[bottom + horizontal.low * CLASS_VECTORS + $v];
    let bottomRight$v = logits[bottom + horizontal.high * CLASS_VECTORS + $v];
    let above$v = topLeft$v + (topRight$v - topLeft$v) * horizontal.weight;
    let below$v = bottomLeft$v + (bottomRight$v - bottomLeft$v) * horizontal.weight;
    values[$v] = above$v + (below$v - above$v) * vertical.weight;
  }
  return values;
}

// Lanes of the last vec4f that are classes, not padding.
fn isClass(vector: u32) -> vec4<bool> {
  return vec4u(vector * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(CLASSES);
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
  let sum = total.x + total.y + total.z + total.w;
  #unroll v in 0..CLASS_VECTORS { exponentials[$v] /= sum; }
  return exponentials;
}

fn classScores(image: u32, row: u32, column: u32) -> array<vec4f, CLASS_VECTORS> {
  var scores: array<vec4f, CLASS_VECTORS>;
  for (var view = 0u; view < VIEWS; view++) {
    var values = interpolatedView(views[view], image, row, column);
    if (!IS_PROBABILITY && !AVERAGE_LOGITS) { values = softmax(values); }
    #unroll v in 0..CLASS_VECTORS { scores[$v] += values[$v]; }
  }
  if (VIEWS > 1u) {
    #unroll v in 0..CLASS_VECTORS { scores[$v] /= f32(VIEWS); }
  }
  if (AVERAGE_LOGITS && !IS_PROBABILITY) { scores = softmax(scores); }
  if (HAS_PRIOR) {
    #unroll v in 0..CLASS_VECTORS { scores[$v] *= prior[(row * WIDTH + column) * CLASS_VECTORS + $v]; }
  }
  return scores;
}
