// A batch of matrix products with the left factor transposed: y[b] = left[b]ᵀ · right[b], [M, K]ᵀ · [M, N] → [K, N].
// Bindings: 0 left [B,M,K] read · 1 right [B,M,N] read · 2 sizes (M, K/4, N/4, B, splits) · 3 partial [splits,B,K,N]
// write. vec4f over the last axis.
// Schedule: the sum over M is cut into parts, which a second launch adds in fixed order. One invocation computes
// 4·TILE_INNER × 4·TILE_VECTORS results in registers, and takes STEP_ROWS rows of M at a time. On CPUs the tile is
// larger than the registers. Then a sum is fetched and put back once for STEP_ROWS multiply-adds (3072 × 384 × 384:
// 12.5 → 15 GFLOP/s per core with 2 rows, no more with 4). The sizes are not constants, so that layers share a variant.
// Bound: 2·B·M·N·K flop; TILE_INNER + TILE_VECTORS loads for 4·TILE_INNER·TILE_VECTORS multiply-adds of vec4f.
#include lib/grid.wgsl
#include LEFT
#include RIGHT

const TILE_INNER: u32 = 2u;
const TILE_VECTORS: u32 = 2u;
const STEP_ROWS: u32 = 1u;

struct Sizes {
  rows: u32,
  innerVectors: u32,
  columnVectors: u32,
  batches: u32,
  splits: u32,
}

@group(0) @binding(2) var<uniform> sizes: Sizes;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let rows = sizes.rows;
  let innerVectors = sizes.innerVectors;
  let columnVectors = sizes.columnVectors;
  let batches = sizes.batches;
  let columnTiles = columnVectors / TILE_VECTORS;
  let innerTiles = innerVectors / TILE_INNER;
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= columnTiles * innerTiles * batches * sizes.splits) {
    return;
  }
  let column = index % columnTiles * TILE_VECTORS;
  let inner = index / columnTiles % innerTiles * TILE_INNER;
  let batch = index / (columnTiles * innerTiles) % batches;
  let split = index / (columnTiles * innerTiles * batches);
  #unroll i in 0..TILE_INNER {
    #unroll k in 0..4 {
      #unroll j in 0..TILE_VECTORS { var sum$i_$k_$j = vec4f(0.0); }
    }
  }
  let rowsPerSplit = (rows + sizes.splits * STEP_ROWS - 1u) / (sizes.splits * STEP_ROWS) * STEP_ROWS;
  let endRow = batch * rows + min((split + 1u) * rowsPerSplit, rows);
  for (var row = batch * rows + split * rowsPerSplit; row < endRow; row += STEP_ROWS) {
    #unroll r in 0..STEP_ROWS {
      // The last step of a split may reach beyond its rows. What lies there counts as zero.
      let inside$r = STEP_ROWS == 1u || row + $r < endRow;
      let row$r = select(row, row + $r, inside$r);
      #unroll j in 0..TILE_VECTORS { let right$r_$j = loadRight(row$r * columnVectors + column + $j); }
    }
    #unroll i in 0..TILE_INNER {
      #unroll r in 0..STEP_ROWS {
        let left$r_$i = select(vec4f(0.0), loadLeft(row$r * innerVectors + inner + $i), inside$r);
      }
      #unroll k in 0..4 {
        #unroll j in 0..TILE_VECTORS {
          #unroll r in 0..STEP_ROWS { sum$i_$k_$j = fma(vec4f(left$r_$i[$k]), right$r_$j, sum$i_$k_$j); }
        }
      }
    }
  }
  let start = ((split * batches + batch) * innerVectors + inner) * 4u * columnVectors + column;
  #unroll i in 0..TILE_INNER {
    #unroll k in 0..4 {
      #unroll j in 0..TILE_VECTORS { partial[start + $(i * 4 + k) * columnVectors + $j] = sum$i_$k_$j; }
    }
  }
}
