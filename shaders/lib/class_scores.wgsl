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

// The two columns of logits beside the last pixel asked for, interpolated down to its row. Pixels that follow each other in
// a row share them, so an invocation that walks along a row loads each column once.
var<private> columns: vec3u = vec3u(0xffffffffu);  // view, row of all images, lower column
var<private> left: array<vec4f, CLASS_VECTORS>;
var<private> right: array<vec4f, CLASS_VECTORS>;

fn interpolatedView(index: u32, image: u32, row: u32, column: u32) -> array<vec4f, CLASS_VECTORS> {
  let view = views[index];
  let shown = select(column, WIDTH - 1u - column, view.w == 1u);
  let horizontal = between(shown, view.z, WIDTH, ALIGN_CORNERS);
  let wanted = vec3u(index, image * HEIGHT + row, horizontal.low);
  if (any(columns != wanted)) {
    columns = wanted;
    let vertical = between(row, view.y, HEIGHT, ALIGN_CORNERS);
    let top = view.x + ((image * view.y + vertical.low) * view.z) * CLASS_VECTORS;
    let bottom = view.x + ((image * view.y + vertical.high) * view.z) * CLASS_VECTORS;
    #unroll v in 0..CLASS_VECTORS {
      let topLeft$v = logits[top + horizontal.low * CLASS_VECTORS + $v];
      let topRight$v = logits[top + horizontal.high * CLASS_VECTORS + $v];
      left[$v] = topLeft$v + (logits[bottom + horizontal.low * CLASS_VECTORS + $v] - topLeft$v) * vertical.weight;
      right[$v] = topRight$v + (logits[bottom + horizontal.high * CLASS_VECTORS + $v] - topRight$v) * vertical.weight;
    }
  }
  var values: array<vec4f, CLASS_VECTORS>;
  #unroll v in 0..CLASS_VECTORS { values[$v] = left[$v] + (right[$v] - left[$v]) * horizontal.weight; }
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
  let scale = 1.0 / (total.x + total.y + total.z + total.w);
  #unroll v in 0..CLASS_VECTORS { exponentials[$v] *= scale; }
  return exponentials;
}

fn classScores(image: u32, row: u32, column: u32) -> array<vec4f, CLASS_VECTORS> {
  var scores: array<vec4f, CLASS_VECTORS>;
  for (var view = 0u; view < VIEWS; view++) {
    var values = interpolatedView(view, image, row, column);
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
