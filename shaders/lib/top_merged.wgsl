// The last step of arg_max.wgsl where classes are merged: the scores of the classes that become one are added, in the
// order of the classes. Then the largest sum wins, the first on ties. This is for few classes, whose scores and sums
// fit registers; lib/top_merged_many.wgsl gives the same bits.
// The including file has a binding more: 4 merges read: for each class the one that it becomes, four to a vec4u. What
// is no merged class, such as 255, counts nowhere.
const MERGED: u32 = 1u;
const MERGED_VECTORS: u32 = 1u;

@group(0) @binding(4) var<storage, read> merges: array<vec4u>;

fn bestClass(image: u32, row: u32, column: u32) -> u32 {
  let scores = classScores(image, row, column);
  var sums: array<vec4f, MERGED_VECTORS>;
  #unroll v in 0..CLASS_VECTORS {
    let targets$v = merges[$v];
    #unroll k in 0..4 {
      #unroll w in 0..MERGED_VECTORS {
        sums[$w] += select(
          vec4f(0.0),
          vec4f(scores[$v][$k]),
          vec4u(targets$v[$k]) == vec4u($(w * 4)u, $(w * 4 + 1)u, $(w * 4 + 2)u, $(w * 4 + 3)u),
        );
      }
    }
  }
  var largest = Largest(-3.4e38, 0u);
  #unroll w in 0..MERGED_VECTORS {
    #unroll k in 0..4 {
      let better$(w * 4 + k) = $(w * 4 + k)u < MERGED && sums[$w][$k] > largest.score;
      largest.score = select(largest.score, sums[$w][$k], better$(w * 4 + k));
      largest.id = select(largest.id, $(w * 4 + k)u, better$(w * 4 + k));
    }
  }
  return largest.id;
}
