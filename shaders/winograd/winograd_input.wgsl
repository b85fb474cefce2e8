// Winograd F(4×4, 3×3), input: v = Bᵀ·d·B for each 6×6 tile d of x (Lavin & Gray, CVPR 2016), zeros outside the image.
// Bindings: 0 left = x [N,H,W,C] read · 1 v [36,TILES,C] write, as vec4f.
// Schedule: one invocation transforms one vec4f of channels of one tile. Bound: bytes (9 read, 9 written per element of x).
#include lib/convolution_geometry.wgsl
#include lib/grid.wgsl
#include lib/winograd_tiles.wgsl
#include LEFT

const VECTORS: u32 = 1u;

@group(0) @binding(1) var<storage, read_write> v: array<vec4f>;

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
  // u32 wraps below zero, so that one comparison tells whether a row or column is inside.
  #unroll c in 0..6 {
    let column$c = tile.column + $c * DILATION - PADDING_LEFT;
    let inside$c = column$c < WIDTH;
  }
  #unroll r in 0..6 {
    let row$r = tile.row + $r * DILATION - PADDING_TOP;
    let start$r = (tile.image * HEIGHT + row$r) * WIDTH;
    #unroll c in 0..6 {
      let inside$r_$c = row$r < HEIGHT && inside$c;
      let d$r_$c = select(
        vec4f(0.0),
        loadLeft(select(0u, (start$r + column$c) * VECTORS + vector, inside$r_$c)),
        inside$r_$c,
      );
    }
  }
  #unroll c in 0..6 {
    let a0_$c = 4.0 * d0_$c - 5.0 * d2_$c + d4_$c;
    let a1_$c = d3_$c + d4_$c - 4.0 * (d1_$c + d2_$c);
    let a2_$c = d4_$c - d3_$c + 4.0 * (d1_$c - d2_$c);
    let a3_$c = d4_$c - d2_$c + 2.0 * (d3_$c - d1_$c);
    let a4_$c = d4_$c - d2_$c + 2.0 * (d1_$c - d3_$c);
    let a5_$c = 4.0 * d1_$c - 5.0 * d3_$c + d5_$c;
  }
  #unroll r in 0..6 {
    v[$(r * 6) * TILES * VECTORS + index] = 4.0 * a$r_0 - 5.0 * a$r_2 + a$r_4;
    v[$(r * 6 + 1) * TILES * VECTORS + index] = a$r_3 + a$r_4 - 4.0 * (a$r_1 + a$r_2);
    v[$(r * 6 + 2) * TILES * VECTORS + index] = a$r_4 - a$r_3 + 4.0 * (a$r_1 - a$r_2);
    v[$(r * 6 + 3) * TILES * VECTORS + index] = a$r_4 - a$r_2 + 2.0 * (a$r_3 - a$r_1);
    v[$(r * 6 + 4) * TILES * VECTORS + index] = a$r_4 - a$r_2 + 2.0 * (a$r_1 - a$r_3);
    v[$(r * 6 + 5) * TILES * VECTORS + index] = 4.0 * a$r_1 - 5.0 * a$r_3 + a$r_5;
  }
}
