// What the scores of all classes at a pixel are computed from.
// The input is low-resolution logits of one or several views of an image; a view is the image at a scale, perhaps
// mirrored. The logits are interpolated to the pixel, turned into probabilities, averaged over the views (with
// TAKES_MAXIMUM, the largest of them is taken), and multiplied by the spatial prior. With IS_PROBABILITY the input is
// probability maps, which skip the softmax. A kernel that includes this file declares
//   logits: array<vec4f>   views one after the other, each [N, h, w, C₄];
//   views: array<vec4u>    first (H, W, rows of the prior, its columns), then for each view (its first vec4f in logits,
//                          height, width, 1 if mirrored) and the parts of its rows and of its columns that the image
//                          covers, as `betweenPart` takes them: beyond them the logits are those of padding;
//   prior: array<vec4f>    [H, W, C₄], read only with HAS_PRIOR; with PRIOR_IS_RESIZED of a size of its own.
// It also includes lib/bilinear.wgsl.
#include lib/class_lanes.wgsl

const CLASS_VECTORS: u32 = 1u;
const BATCH: u32 = 1u;
// Both are 0 where images of many sizes share a shader. Then `views` says the size.
const HEIGHT: u32 = 1u;
const WIDTH: u32 = 1u;
const VIEWS: u32 = 1u;
const ALIGN_CORNERS: bool = false;
const IS_PROBABILITY: bool = false;
const AVERAGE_LOGITS: bool = false;
const TAKES_MAXIMUM: bool = false;
const HAS_PRIOR: bool = false;
const PRIOR_IS_RESIZED: bool = false;

fn labelRows() -> u32 {
  if (HEIGHT == 0u) { return views[0].x; }
  return HEIGHT;
}

fn labelColumns() -> u32 {
  if (WIDTH == 0u) { return views[0].y; }
  return WIDTH;
}

fn labelPixels() -> u32 {
  return BATCH * labelRows() * labelColumns();
}

// The place of the prior at a pixel. A prior of another size is looked up at the same relative place, the nearest.
fn priorPlace(row: u32, column: u32) -> u32 {
  if (!PRIOR_IS_RESIZED) { return row * labelColumns() + column; }
  let priorRow = (2u * row + 1u) * views[0].z / (2u * labelRows());
  return priorRow * views[0].w + (2u * column + 1u) * views[0].w / (2u * labelColumns());
}

struct Largest {
  score: f32,
  id: u32,
}
