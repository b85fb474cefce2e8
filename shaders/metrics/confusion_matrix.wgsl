// Confusion matrix: counts[truth, predicted] += pixels. Pixels count whose two labels are both classes, below CLASSES.
// With MISSES, all count whose truth is a class, and the matrix has one column more, of those whose predicted label is
// none.
// Bindings: 0 predicted · 1 truth [PIXELS] read, bytes, four to a word · 2 counts [CLASSES,COLUMNS] u32, read and added
// to.
// Schedule: an invocation walks over a run of words. It adds each run of equal (truth, predicted) pairs at once. The
// first LOCAL_ENTRIES of the matrix are gathered in workgroup memory, which the workgroup adds to the counts at the
// end; up to 32 classes these are all entries. The other entries are added to the counts directly, as a matrix of 255
// classes does not fit workgroup memory. Sums of whole numbers do not depend on their order, so atomics give the same
// result every time.
// Bound: 2 bytes per pixel. Labels come in runs, so there are far fewer atomics than pixels. Where they do not, and
// there are many classes, the atomics on the counts; they spread over CLASSES² places.
#include lib/grid.wgsl

const PIXELS: u32 = 1u;
const CLASSES: u32 = 1u;
const MISSES: bool = false;
const WORDS_PER_INVOCATION: u32 = 16u;
const LOCAL_ENTRIES: u32 = 1u;

const WORDS = (PIXELS + 3u) / 4u;
const COLUMNS = select(CLASSES, CLASSES + 1u, MISSES);

@group(0) @binding(0) var<storage, read> predicted: array<u32>;
@group(0) @binding(1) var<storage, read> truth: array<u32>;
@group(0) @binding(2) var<storage, read_write> counts: array<atomic<u32>>;

var<workgroup> partial: array<atomic<u32>, LOCAL_ENTRIES>;

fn add(entry: u32, count: u32) {
  if (entry < LOCAL_ENTRIES) {
    atomicAdd(&partial[entry], count);
  } else {
    atomicAdd(&counts[entry], count);
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = gridIndex(workgroup, workgroups, local, 64u) * WORDS_PER_INVOCATION;
  var run = 0u;
  var runEntry = 0u;
  for (var word = first; word < min(first + WORDS_PER_INVOCATION, WORDS); word++) {
    let predictedWord = predicted[word];
    let truthWord = truth[word];
    #unroll byte in 0..4 {
      let label$byte = (predictedWord >> $(byte * 8)u) & 255u;
      let predicted$byte = select(label$byte, min(label$byte, CLASSES), MISSES);
      let truth$byte = (truthWord >> $(byte * 8)u) & 255u;
      if (predicted$byte < COLUMNS && truth$byte < CLASSES && 4u * word + $byte < PIXELS) {
        let entry = truth$byte * COLUMNS + predicted$byte;
        if (entry != runEntry) {
          if (run > 0u) {
            add(runEntry, run);
          }
          run = 0u;
          runEntry = entry;
        }
        run++;
      }
    }
  }
  if (run > 0u) {
    add(runEntry, run);
  }
  workgroupBarrier();
  for (var entry = local; entry < LOCAL_ENTRIES; entry += 64u) {
    let count = atomicLoad(&partial[entry]);
    if (count > 0u) {
      atomicAdd(&counts[entry], count);
    }
  }
}
