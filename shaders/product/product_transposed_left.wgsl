// Matrix products with the left factor transposed, a batch of them: y[b] = left[b]ᵀ · right[b], [M, K]ᵀ · [M, N] → [K, N].
// Bindings: 0 left [B,M,K] read · 1 right [B,M,N] read · 2 sizes (M, K/4, N/4, B) · 3 partial [SPLITS,B,K,N] write. vec4f over the last
// axis.
// Schedule: the sum over M is cut into SPLITS parts (added afterwards in fixed order); an invocation computes
// 4·TILE_INNER × 4·TILE_VECTORS results in registers. Sizes are not constants, so that layers share a variant.
// Bound: 2·B·M·N·K flop; TILE_INNER + TILE_VECTORS loads for 4·TILE_INNER·TILE_VECTORS vec4f multiply-adds.
#include lib/grid.wgsl
#include LEFT
#include RIGHT

const TILE_INNER: u32 = 2u;
const TILE_VECTORS: u32 = 2u;
const SPLITS: u32 = 1u;

@group(0) @binding(2) var<uniform> sizes: vec4u;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let rows = sizes.x;
  let innerVectors = sizes.y;
  let columnVectors = sizes.z;
  let batches = sizes.w;
  let columnTiles = columnVectors / TILE_VECTORS;
  let innerTiles = innerVectors / TILE_INNER;
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= columnTiles * innerTiles * batches * SPLITS) {
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
  let rowsPerSplit = (rows + SPLITS - 1u) / SPLITS;
  let endRow = batch * rows + min((split + 1u) * rowsPerSplit, rows);
  for (var row = batch * rows + split * rowsPerSplit; row < endRow; row++) {
    #unroll j in 0..TILE_VECTORS { let right$j = loadRight(row * columnVectors + column + $j); }
    #unroll i in 0..TILE_INNER {
      let left$i = loadLeft(row * innerVectors + inner + $i);
      #unroll k in 0..4 {
        #unroll j in 0..TILE_VECTORS { sum$i_$k_$j = fma(vec4f(left$i[$k]), right$j, sum$i_$k_$j); }
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
