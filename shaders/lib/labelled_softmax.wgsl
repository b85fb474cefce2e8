// The softmax p of the logits of single pixels, and their labels, for losses over whole maps. Logits and labels have one
// size. Pixels are numbered through the batch. A pixel counts if its label is the id of a class and not IGNORE_LABEL. The
// first label is byte FIRST_LABEL of a word. The statistics are those of softmax_statistics.wgsl.
const PIXELS: u32 = 1u;
const CLASSES: u32 = 1u;
const VECTORS: u32 = 1u;
const IGNORE_LABEL: u32 = 255u;
const FIRST_LABEL: u32 = 0u;
const NO_CLASS: u32 = 256u;

@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> statistics: array<vec2f>;

// The class of a pixel, NO_CLASS where it does not count.
fn classOf(pixel: u32) -> u32 {
  let place = FIRST_LABEL + pixel;
  let label = (labels[place / 4u] >> (8u * (place % 4u))) & 255u;
  return select(label, NO_CLASS, label == IGNORE_LABEL || label >= CLASSES);
}

fn classes(vector: u32) -> vec4u {
  return 4u * vector + vec4u(0u, 1u, 2u, 3u);
}

fn isPadding(vector: u32) -> vec4<bool> {
  return classes(vector) >= vec4u(CLASSES);
}

// The probabilities of four classes, 0 where there are no classes.
fn probabilities(pixel: u32, vector: u32) -> vec4f {
  let known = statistics[pixel];
  return select(known.y * exp(logits[pixel * VECTORS + vector] - known.x), vec4f(0.0), isPadding(vector));
}

// 1 at the class of the pixel among four, else 0.
fn oneHot(vector: u32, id: u32) -> vec4f {
  return select(vec4f(0.0), vec4f(1.0), classes(vector) == vec4u(id));
}
