// The last step of arg_max.wgsl where many classes are merged: as lib/top_merged.wgsl, with scores that are computed
// when asked for.
// The including file has a binding more: 4 merges read: first as in lib/top_merged.wgsl, then for each merged class
// where its classes begin and end in the list that follows, which names the classes, each in a vec4u of its own.
const MERGED: u32 = 1u;
const MERGED_VECTORS: u32 = 1u;

@group(0) @binding(4) var<storage, read> merges: array<vec4u>;

fn bestClass(image: u32, row: u32, column: u32) -> u32 {
  enterPixel(image, row, column);
  var largest = Largest(-3.4e38, 0u);
  for (var id = 0u; id < MERGED; id++) {
    let part = merges[CLASS_VECTORS + id];
    var sum = 0.0;
    for (var place = part.x; place < part.y; place++) {
      let member = merges[CLASS_VECTORS + MERGED + place].x;
      let four = scoreOf(member / 4u);
      sum += four[member % 4u];
    }
    let better = sum > largest.score;
    largest.score = select(largest.score, sum, better);
    largest.id = select(largest.id, id, better);
  }
  return largest.id;
}
