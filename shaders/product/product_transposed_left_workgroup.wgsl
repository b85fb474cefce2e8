// Matrix products with the left factor transposed, a batch of them: y[b] = left[b]ᵀ · right[b], [M, K]ᵀ · [M, N] → [K, N]. LEFT may
// gather the rows of the left factor from an image: then it is the weight gradient of a convolution.
// Bindings: 0 left read · 1 right [B,M,N] read · 2 sizes (M, K/4, N/4, B) · 3 partial [SPLITS,B,K,N] write. vec4f over the last axis.
// Schedule: for GPUs. The sum over M is cut into SPLITS parts (added afterwards in fixed order). A workgroup of 256 computes 64 × 64
// results, 4 × 4 each in registers; M goes through workgroup memory in steps of 16 (8 KiB), loaded side by side along the last
// axis. The grid is (column tiles, inner tiles, splits · batches). Barriers stand in uniform control flow, so ragged edges are
// loaded as zeros and no invocation returns early.
// Bound: 2·B·M·N·K flop, B·M·N·K/8 bytes from memory; two reads of workgroup memory for each four vec4f multiply-adds.
#include LEFT

const SPLITS: u32 = 1u;

@group(0) @binding(1) var<storage, read> right: array<vec4f>;
@group(0) @binding(2) var<uniform> sizes: vec4u;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>;

// [16 rows][16 vec4f] of either factor.
var<workgroup> leftTile: array<vec4f, 256>;
var<workgroup> rightTile: array<vec4f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let rows = sizes.x;
  let innerVectors = sizes.y;
  let columnVectors = sizes.z;
  let batches = sizes.w;
  let batch = workgroup.z % batches;
  let split = workgroup.z / batches;
  let firstInner = workgroup.y * 16u;
  let firstColumn = workgroup.x * 16u;
  let loadedRow = local / 16u;
  let loadedInner = firstInner + local % 16u;
  let column = firstColumn + local % 16u;

  #unroll k in 0..4 { var sum$k = vec4f(0.0); }
  let rowsPerSplit = (rows + SPLITS - 1u) / SPLITS;
  let endRow = min((split + 1u) * rowsPerSplit, rows);
  for (var start = split * rowsPerSplit; start < endRow; start += 16u) {
    let row = start + loadedRow;
    var leftValue = vec4f(0.0);
    var rightValue = vec4f(0.0);
    if (row < endRow && loadedInner < innerVectors) { leftValue = loadLeft(leftRow(batch, row), loadedInner); }
    if (row < endRow && column < columnVectors) { rightValue = right[(batch * rows + row) * columnVectors + column]; }
    leftTile[local] = leftValue;
    rightTile[local] = rightValue;
    workgroupBarrier();
    #unroll m in 0..16 {
      let left$m = leftTile[$(m * 16)u + local / 16u];
      let right$m = rightTile[$(m * 16)u + local % 16u];
      #unroll k in 0..4 { sum$k = fma(vec4f(left$m[$k]), right$m, sum$k); }
    }
    workgroupBarrier();
  }

  let inner = firstInner + local / 16u;
  if (inner < innerVectors && column < columnVectors) {
    let first = ((split * batches + batch) * innerVectors + inner) * 4u * columnVectors + column;
    #unroll k in 0..4 { partial[first + $k * columnVectors] = sum$k; }
  }
}
