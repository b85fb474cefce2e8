// A batch of matrix products with an epilogue: y[b] = f(left[b] · right[b]), [M, K] · [K, N] → [M, N]. Each sum v
// becomes f(v) = activation(scale · v + shift + residual), with scale and shift by column.
// Bindings: 0 left [B,M,K] read · 1 right [B,K,N] read · 2 sizes (M, K/4, N/4, B) · 3 epilogue, 4 residual read
// (lib/epilogue.wgsl) · 5 y [B,M,N] write. All as vec4f over the last axis.
// Schedule: one invocation computes TILE_ROWS rows × 4·TILE_VECTORS columns in registers. There are no barriers. The
// sizes are not constants, so that layers share a variant: a driver takes seconds to compile one with a large register
// tile.
// Bound: 2·B·M·N·K flop. On software adapters the loads bound it: TILE_ROWS + 4·TILE_VECTORS of them feed
// 4·TILE_ROWS·TILE_VECTORS multiply-adds of vec4f.
#include lib/epilogue.wgsl
#include lib/grid.wgsl
#include LEFT
#include RIGHT

const TILE_ROWS: u32 = 4u;
const TILE_VECTORS: u32 = 2u;

@group(0) @binding(2) var<uniform> sizes: vec4u;
@group(0) @binding(3) var<storage, read> epilogue: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let rows = sizes.x;
  let innerVectors = sizes.y;
  let columnVectors = sizes.z;
  let columnTiles = columnVectors / TILE_VECTORS;
  let rowTiles = (rows + TILE_ROWS - 1u) / TILE_ROWS;
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= columnTiles * rowTiles * sizes.w) {
    return;
  }
  let column = index % columnTiles * TILE_VECTORS;
  let firstRow = index / columnTiles % rowTiles * TILE_ROWS;
  let batch = index / (columnTiles * rowTiles);
  #unroll p in 0..TILE_ROWS {
    let start$p = (batch * rows + min(firstRow + $p, rows - 1u)) * innerVectors;
    #unroll j in 0..TILE_VECTORS { var sum$p_$j = vec4f(0.0); }
  }
  var at = batch * 4u * innerVectors * columnVectors + column;
  for (var i = 0u; i < innerVectors; i++) {
    #unroll j in 0..TILE_VECTORS {
      #unroll k in 0..4 { let right$k_$j = loadRight(at + $k * columnVectors + $j); }
    }
    #unroll p in 0..TILE_ROWS {
      let left$p = loadLeft(start$p + i);
      #unroll j in 0..TILE_VECTORS {
        #unroll k in 0..4 { sum$p_$j = fma(vec4f(left$p[$k]), right$k_$j, sum$p_$j); }
      }
    }
    at += 4u * columnVectors;
  }
  #unroll j in 0..TILE_VECTORS {
    let scale$j = epilogueScale(column + $j);
    let shift$j = epilogueShift(column + $j, columnVectors);
  }
  #unroll p in 0..TILE_ROWS {
    if (firstRow + $p < rows) {
      #unroll j in 0..TILE_VECTORS {
        let place$p_$j = (batch * rows + firstRow + $p) * columnVectors + column + $j;
        y[place$p_$j] = finish(sum$p_$j, scale$j, shift$j, place$p_$j);
      }
    }
  }
}
