// A batch of matrix products with an epilogue, for GPUs: y[b] = f(left[b] · right[b]), [M, K] · [K, N] → [M, N]. Each
// sum v becomes f(v) = activation(scale · v + shift + residual), with scale and shift by column. The file that LEFT
// includes may gather the rows of the left factor from an image. Then the product is a convolution. With TRANSPOSED,
// right[b] is stored as [N, K] or, for an image, as [taps, N, K / taps]. Then it is an input gradient, with a stride
// one batch per phase.
// Bindings: 0 left read · 1 right read · 2 sizes (M, K/4, N/4, B) · 3 epilogue, 4 residual read (lib/epilogue.wgsl) · 5
// y [SPLITS,B,M,N] write · 6 phases, where the batches are phases (lib/left_phases.wgsl). All as vec4f over the last
// axis.
// Schedule: a workgroup has ROW_THREADS × COLUMN_THREADS invocations. Each computes THREAD_ROWS rows × 4 columns in
// registers.
// K goes through workgroup memory in steps of 16 (12 KiB at most). Neighbouring invocations load neighbouring vec4f of
// the last axis. The loads of a step are on their way while the step before is multiplied.
// The grid is (column tiles, row tiles, splits · batches), so that neighbouring workgroups share rows of the left
// factor. Where the grid is small and K long, K is cut into SPLITS parts. A second launch adds them in fixed order and
// applies the epilogue.
// All invocations must meet at every barrier. So ragged edges are loaded as zeros, and no invocation returns early.
// Bound: 2·B·M·N·K flop, 4·B·M·N·K·(1/tile rows + 1/tile columns) bytes from memory; THREAD_ROWS + 4 reads of workgroup
// memory for each 4·THREAD_ROWS multiply-adds of vec4f; where the grid is small, the latency of K / 16 steps.
#include lib/epilogue.wgsl
#include LEFT

const COLUMN_THREADS: u32 = 16u;
const ROW_THREADS: u32 = 16u;
const THREAD_ROWS: u32 = 4u;
const SPLITS: u32 = 1u;
const TRANSPOSED: bool = false;

const THREADS = ROW_THREADS * COLUMN_THREADS;
const TILE_ROWS = ROW_THREADS * THREAD_ROWS;
// vec4f of either factor that each invocation loads in a step. With more than 16 rows of invocations, some of them load
// none of the right factor.
const LEFT_LOADS: u32 = 4u * THREAD_ROWS / COLUMN_THREADS;
const RIGHT_LOADS: u32 = 15u / ROW_THREADS + 1u;

@group(0) @binding(1) var<storage, read> right: array<vec4f>;
@group(0) @binding(2) var<uniform> sizes: vec4u;
@group(0) @binding(3) var<storage, read> epilogue: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;

// The current step of either factor. The left one is [4 vec4f of K][row]. The right one is [16 of K][vec4f of columns]
// or, transposed, [4 vec4f of K][column % 4][column / 4].
var<workgroup> leftTile: array<vec4f, 4u * TILE_ROWS>;
var<workgroup> rightTile: array<vec4f, 16u * COLUMN_THREADS>;

// What belongs at `place` of rightTile in the step that begins at vec4f `start` of K. It is zero from `end` on and
// beyond the matrix.
fn loadRight(batch: u32, firstColumn: u32, start: u32, end: u32, place: u32) -> vec4f {
  if (place >= 16u * COLUMN_THREADS) {
    return vec4f(0.0);
  }
  if (TRANSPOSED) {
    let column = 4u * firstColumn + place / 4u;
    if (column < 4u * sizes.z && start + place % 4u < end) {
      return right[transposedRight(batch, start + place % 4u, column)];
    }
  } else {
    let column = firstColumn + place % COLUMN_THREADS;
    let k = 4u * start + place / COLUMN_THREADS;
    if (column < sizes.z && k < 4u * end) {
      return right[(batch * 4u * sizes.y + k) * sizes.z + column];
    }
  }
  return vec4f(0.0);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let rows = sizes.x;
  let columns = sizes.z;
  let batch = workgroup.z % sizes.w;
  let split = workgroup.z / sizes.w;
  let firstRow = workgroup.y * TILE_ROWS;
  let firstColumn = workgroup.x * COLUMN_THREADS;
  let columnThread = local % COLUMN_THREADS;
  let rowThread = local / COLUMN_THREADS;

  #unroll l in 0..LEFT_LOADS {
    let tileRow$l = (local + $l * THREADS) / 4u;
    let leftRow$l = leftRow(batch, min(firstRow + tileRow$l, rows - 1u));
  }
  #unroll p in 0..THREAD_ROWS { var sum$p = vec4f(0.0); }
  let inner = sumVectors(batch);
  let innerPerSplit = (inner + SPLITS - 1u) / SPLITS;
  let first = split * innerPerSplit;
  let end = min(first + innerPerSplit, inner);
  // Each turn loads a step, multiplies the step before, then stores the loaded one in workgroup memory.
  for (var start = first; ; start += 4u) {
    #unroll l in 0..LEFT_LOADS {
      var leftValue$l = vec4f(0.0);
      if (start + local % 4u < end) { leftValue$l = loadLeft(leftRow$l, start + local % 4u); }
    }
    #unroll l in 0..RIGHT_LOADS { let rightValue$l = loadRight(batch, firstColumn, start, end, local + $l * THREADS); }
    if (start > first) {
      #unroll v in 0..4 {
        #unroll k in 0..4 { let read$v_$k = rightTile[$(v * 4 + k) * COLUMN_THREADS + columnThread]; }
        var right$v = mat4x4f(read$v_0, read$v_1, read$v_2, read$v_3);
        if (TRANSPOSED) { right$v = transpose(right$v); }
        #unroll p in 0..THREAD_ROWS {
          let left$v_$p = leftTile[$v * TILE_ROWS + $p * ROW_THREADS + rowThread];
          #unroll k in 0..4 { sum$p = fma(vec4f(left$v_$p[$k]), right$v[$k], sum$p); }
        }
      }
    }
    if (start >= end) {
      break;
    }
    workgroupBarrier();
    #unroll l in 0..LEFT_LOADS { leftTile[local % 4u * TILE_ROWS + tileRow$l] = leftValue$l; }
    #unroll l in 0..RIGHT_LOADS {
      let place$l = local + $l * THREADS;
      if (place$l < 16u * COLUMN_THREADS) {
        let column$l = place$l / 4u;
        let transposed$l = (place$l % 4u * 4u + column$l % 4u) * COLUMN_THREADS + column$l / 4u;
        rightTile[select(place$l, transposed$l, TRANSPOSED)] = rightValue$l;
      }
    }
    workgroupBarrier();
  }

  let column = firstColumn + columnThread;
  if (column < columns) {
    let scale = epilogueScale(column);
    let shift = epilogueShift(column, columns);
    #unroll p in 0..THREAD_ROWS {
      let row$p = resultRow(split, batch, firstRow + $p * ROW_THREADS + rowThread);
      if (row$p != NO_ROW) {
        let place$p = row$p * columns + column;
        y[place$p] = finish(sum$p, scale, shift, place$p);
      }
    }
  }
}
