// Winograd F(4×4, 3×3), output gradient for the gradient at the weights: e = A·dy·Aᵀ for each 4×4 tile of dy, zeros outside.
// Bindings: 0 left = dy [N,Ho,Wo,C] read · 1 e [36,TILES,C] write, as vec4f.
// Schedule: one invocation transforms one vec4f of channels of one tile. Bound: bytes (4 read per 9 written).
#include lib/convolution_geometry.wgsl
#include lib/grid.wgsl
#include lib/winograd_tiles.wgsl
#include LEFT

const VECTORS: u32 = 1u;

@group(0) @binding(1) var<storage, read_write> e: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = gridIndex(workgroup, workgroups, local, 64u);
  if (index >= TILES * VECTORS) {
    return;
  }
  let vector = index % VECTORS;
  let tile = tileAt(index / VECTORS);
  #unroll r in 0..4 {
    let row$r = tile.row + $r * DILATION;
    let start$r = (tile.image * OUTPUT_HEIGHT + row$r) * OUTPUT_WIDTH;
    #unroll c in 0..4 {
      let column$r_$c = tile.column + $c * DILATION;
      let inside$r_$c = row$r < OUTPUT_HEIGHT && column$r_$c < OUTPUT_WIDTH;
      let d$r_$c = select(
        vec4f(0.0),
        loadLeft(select(0u, (start$r + column$r_$c) * VECTORS + vector, inside$r_$c)),
        inside$r_$c,
      );
    }
  }
  #unroll c in 0..4 {
    let even$c = d0_$c + d2_$c;
    let odd$c = d1_$c + d3_$c;
    let evenTwo$c = d0_$c + 4.0 * d2_$c;
    let oddTwo$c = 2.0 * d1_$c + 8.0 * d3_$c;
    let a0_$c = d0_$c;
    let a1_$c = even$c + odd$c;
    let a2_$c = even$c - odd$c;
    let a3_$c = evenTwo$c + oddTwo$c;
    let a4_$c = evenTwo$c - oddTwo$c;
    let a5_$c = d3_$c;
  }
  #unroll r in 0..6 {
    let rowEven$r = a$r_0 + a$r_2;
    let rowOdd$r = a$r_1 + a$r_3;
    let rowEvenTwo$r = a$r_0 + 4.0 * a$r_2;
    let rowOddTwo$r = 2.0 * a$r_1 + 8.0 * a$r_3;
    e[$(r * 6) * TILES * VECTORS + index] = a$r_0;
    e[$(r * 6 + 1) * TILES * VECTORS + index] = rowEven$r + rowOdd$r;
    e[$(r * 6 + 2) * TILES * VECTORS + index] = rowEven$r - rowOdd$r;
    e[$(r * 6 + 3) * TILES * VECTORS + index] = rowEvenTwo$r + rowOddTwo$r;
    e[$(r * 6 + 4) * TILES * VECTORS + index] = rowEvenTwo$r - rowOddTwo$r;
    e[$(r * 6 + 5) * TILES * VECTORS + index] = a$r_3;
  }
}
