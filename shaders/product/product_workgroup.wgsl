// Matrix products, a batch of them: y[b] = f(left[b] · right[b]), [M, K] · [K, N] → [M, N], with f(v) = activation(scale · v + shift)
// by column. LEFT may gather the rows of the left factor from an image: then it is a convolution. TRANSPOSED takes right[b] as
// [TAPS, N, K / TAPS] with the taps in reverse: for an input gradient.
// Bindings: 0 left read · 1 right [B,K,N] or [B,TAPS,N,K/TAPS] read · 2 sizes (M, K/4, N/4, B) · 3 epilogue [2,N] read (scale, shift)
// · 4 y [B,M,N] write. All as vec4f over the last axis. Without an epilogue, binding 3 is any buffer and not read.
// Schedule: for GPUs. A workgroup of 256 computes 256/COLUMN_THREADS·THREAD_ROWS rows × 4·COLUMN_THREADS columns, THREAD_ROWS × 4 each
// in registers; K goes through workgroup memory in steps of 16 (12 KiB at most), loaded side by side along the last axis. The
// grid is (column tiles, row tiles, batch): neighbours share rows of the left factor. Barriers stand in uniform control flow,
// so ragged edges are loaded as zeros and no invocation returns early.
// Bound: 2·B·M·N·K flop, 4·B·M·N·K·(1/tile rows + 1/tile columns) bytes from memory; THREAD_ROWS + 4 reads of workgroup memory
// for each 4·THREAD_ROWS vec4f multiply-adds.
#include lib/activation.wgsl
#include LEFT

const COLUMN_THREADS: u32 = 16u;
const THREAD_ROWS: u32 = 4u;
const TAPS: u32 = 1u;
const TRANSPOSED: bool = false;
const HAS_EPILOGUE: bool = false;
const ACTIVATION: u32 = 0u;
const NEGATIVE_SLOPE: f32 = 0.0f;

const ROW_THREADS = 256u / COLUMN_THREADS;
const TILE_ROWS = ROW_THREADS * THREAD_ROWS;
// vec4f of the left factor that an invocation loads in a step; of the right one it loads one or none.
const LOADS: u32 = 4u * THREAD_ROWS / COLUMN_THREADS;

@group(0) @binding(1) var<storage, read> right: array<vec4f>;
@group(0) @binding(2) var<uniform> sizes: vec4u;
@group(0) @binding(3) var<storage, read> epilogue: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

// [4 vec4f of K][row], and [16 of K][vec4f of columns] or, transposed, [4 vec4f of K][column % 4][column / 4].
var<workgroup> leftTile: array<vec4f, 4u * TILE_ROWS>;
var<workgroup> rightTile: array<vec4f, 16u * COLUMN_THREADS>;

// The place of a vec4f of the right factor in its buffer. `k` counts single values, except with TRANSPOSED, vec4f.
fn rightIndex(batch: u32, k: u32, column: u32) -> u32 {
  let inner = sizes.y;
  if (!TRANSPOSED) {
    return (batch * 4u * inner + k) * sizes.z + column;
  }
  if (TAPS == 1u) {
    return (batch * 4u * sizes.z + column) * inner + k;
  }
  let tapVectors = inner / TAPS;
  return ((TAPS - 1u - k / tapVectors) * 4u * sizes.z + column) * tapVectors + k % tapVectors;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let rows = sizes.x;
  let inner = sizes.y;
  let columns = sizes.z;
  let batch = workgroup.z;
  let firstRow = workgroup.y * TILE_ROWS;
  let firstColumn = workgroup.x * COLUMN_THREADS;
  let columnThread = local % COLUMN_THREADS;
  let rowThread = local / COLUMN_THREADS;

  #unroll l in 0..LOADS { let leftRow$l = leftRow(batch, min(firstRow + local / 4u + 64u * $l, rows - 1u)); }
  #unroll p in 0..THREAD_ROWS { var sum$p = vec4f(0.0); }
  for (var start = 0u; start < inner; start += 4u) {
    #unroll l in 0..LOADS {
      var leftValue$l = vec4f(0.0);
      if (start + local % 4u < inner) { leftValue$l = loadLeft(leftRow$l, start + local % 4u); }
      leftTile[local % 4u * TILE_ROWS + local / 4u + 64u * $l] = leftValue$l;
    }
    if (local < 16u * COLUMN_THREADS) {
      var rightValue = vec4f(0.0);
      if (TRANSPOSED) {
        let column = local / 4u;
        if (firstColumn + column / 4u < columns && start + local % 4u < inner) {
          rightValue = right[rightIndex(batch, start + local % 4u, 4u * firstColumn + column)];
        }
        rightTile[(local % 4u * 4u + column % 4u) * COLUMN_THREADS + column / 4u] = rightValue;
      } else {
        if (firstColumn + columnThread < columns && 4u * start + rowThread < 4u * inner) {
          rightValue = right[rightIndex(batch, 4u * start + rowThread, firstColumn + columnThread)];
        }
        rightTile[local] = rightValue;
      }
    }
    workgroupBarrier();
    #unroll v in 0..4 {
      #unroll k in 0..4 { let read$v_$k = rightTile[$(v * 4 + k) * COLUMN_THREADS + columnThread]; }
      var right$v = mat4x4f(read$v_0, read$v_1, read$v_2, read$v_3);
      if (TRANSPOSED) { right$v = transpose(right$v); }
      #unroll p in 0..THREAD_ROWS {
        let left$v_$p = leftTile[$v * TILE_ROWS + $p * ROW_THREADS + rowThread];
        #unroll k in 0..4 { sum$p = fma(vec4f(left$v_$p[$k]), right$v[$k], sum$p); }
      }
    }
    workgroupBarrier();
  }

  let column = firstColumn + columnThread;
  if (column < columns) {
    var scale = vec4f(1.0);
    var shift = vec4f(0.0);
    if (HAS_EPILOGUE) {
      scale = epilogue[column];
      shift = epilogue[columns + column];
    }
    #unroll p in 0..THREAD_ROWS {
      let row$p = firstRow + $p * ROW_THREADS + rowThread;
      if (row$p < rows) {
        y[(batch * rows + row$p) * columns + column] = activate(fma(sum$p, scale, shift), ACTIVATION, NEGATIVE_SLOPE);
      }
    }
  }
}
