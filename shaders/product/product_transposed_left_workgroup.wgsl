// A batch of matrix products with the left factor transposed, for GPUs: y[b] = left[b]ᵀ · right[b], [M, K]ᵀ · [M, N] →
// [K, N]. The file that LEFT includes may gather the rows of the left factor from an image. Then the product is the
// weight gradient of a convolution.
// Bindings: 0 left read · 1 right [B,M,N] read · 2 sizes (M, K/4, N/4, B) · 3 partial [SPLITS,B,K,N] write. vec4f over
// the last axis.
// Schedule: the sum over M is cut into SPLITS parts, which a second launch adds in fixed order. A workgroup of 256
// invocations computes a tile of 4·256 / COLUMN_THREADS × 4·COLUMN_THREADS results. Each invocation holds 4 × 4 of them
// in registers.
// M goes through workgroup memory in steps of 16 rows (10 KiB at most). Neighbouring invocations load neighbouring
// vec4f of the last axis. The loads of a step are on their way while the step before is multiplied. The grid is (column
// tiles, inner tiles, splits · batches). All invocations must meet at every barrier. So ragged edges are loaded as
// zeros, and no invocation returns early.
// Bound: 2·B·M·N·K flop, 4·B·M·N·K·(1/tile rows + 1/tile columns) bytes from memory; two reads of workgroup memory for
// each four multiply-adds of vec4f.
#include LEFT

const COLUMN_THREADS: u32 = 16u;
const SPLITS: u32 = 1u;

const INNER_THREADS = 256u / COLUMN_THREADS;
// vec4f of the left factor that each invocation loads in a step. Of the right factor it loads one or none.
const LOADS: u32 = 16u / COLUMN_THREADS;

@group(0) @binding(1) var<storage, read> right: array<vec4f>;
@group(0) @binding(2) var<uniform> sizes: vec4u;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>;

// The current step of either factor: 16 rows of vec4f.
var<workgroup> leftTile: array<vec4f, 16u * INNER_THREADS>;
var<workgroup> rightTile: array<vec4f, 16u * COLUMN_THREADS>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let rows = sizes.x;
  let innerVectors = sizes.y;
  let columnVectors = sizes.z;
  let batches = sizes.w;
  let batch = workgroup.z % batches;
  let split = workgroup.z / batches;
  let firstInner = workgroup.y * INNER_THREADS;
  let firstColumn = workgroup.x * COLUMN_THREADS;
  let loadedColumn = firstColumn + local % COLUMN_THREADS;

  #unroll k in 0..4 { var sum$k = vec4f(0.0); }
  let rowsPerSplit = (rows + SPLITS - 1u) / SPLITS;
  let firstRow = split * rowsPerSplit;
  let endRow = min(firstRow + rowsPerSplit, rows);
  // Each turn loads a step, multiplies the step before, then stores the loaded one in workgroup memory.
  for (var start = firstRow; ; start += 16u) {
    #unroll l in 0..LOADS {
      let leftRow$l = start + (local + $(l * 256)u) / INNER_THREADS;
      let loadedInner$l = firstInner + local % INNER_THREADS;
      var leftValue$l = vec4f(0.0);
      if (leftRow$l < endRow && loadedInner$l < innerVectors) {
        leftValue$l = loadLeft(leftRow(batch, leftRow$l), loadedInner$l);
      }
    }
    let rightRow = start + local / COLUMN_THREADS;
    var rightValue = vec4f(0.0);
    if (local < 16u * COLUMN_THREADS && rightRow < endRow && loadedColumn < columnVectors) {
      rightValue = right[(batch * rows + rightRow) * columnVectors + loadedColumn];
    }
    if (start > firstRow) {
      #unroll m in 0..16 {
        let left$m = leftTile[$m * INNER_THREADS + local / COLUMN_THREADS];
        let right$m = rightTile[$m * COLUMN_THREADS + local % COLUMN_THREADS];
        #unroll k in 0..4 { sum$k = fma(vec4f(left$m[$k]), right$m, sum$k); }
      }
    }
    if (start >= endRow) {
      break;
    }
    workgroupBarrier();
    #unroll l in 0..LOADS { leftTile[local + $(l * 256)u] = leftValue$l; }
    if (local < 16u * COLUMN_THREADS) {
      rightTile[local] = rightValue;
    }
    workgroupBarrier();
  }

  let inner = firstInner + local / COLUMN_THREADS;
  let column = firstColumn + local % COLUMN_THREADS;
  if (inner < innerVectors && column < columnVectors) {
    let first = ((split * batches + batch) * innerVectors + inner) * 4u * columnVectors + column;
    #unroll k in 0..4 { partial[first + $k * columnVectors] = sum$k; }
  }
}
