// Winograd F(4×4, 3×3), output: y = f(scale · (Aᵀ·m·A) + shift + residual) for each tile m of products, 4×4 outputs.
// Bindings: 0 left = m [36,TILES,C] read · 1 epilogue, 2 residual read (lib/epilogue.wgsl) · 3 y [N,Ho,Wo,C] write, as vec4f.
// Schedule: one invocation transforms one vec4f of channels of one tile. Bound: bytes (9 read per 4 written).
#include lib/epilogue.wgsl
#include lib/convolution_geometry.wgsl
#include lib/grid.wgsl
#include lib/winograd_tiles.wgsl
#include LEFT

const VECTORS: u32 = 1u;

@group(0) @binding(1) var<storage, read> epilogue: array<vec4f>;
@group(0) @binding(2) var<storage, read> residual: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

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
  #unroll c in 0..6 {
    #unroll r in 0..6 { let m$r_$c = loadLeft($(r * 6 + c) * TILES * VECTORS + index); }
    let a0_$c = m0_$c + m1_$c + m2_$c + m3_$c + m4_$c;
    let a1_$c = m1_$c - m2_$c + 2.0 * (m3_$c - m4_$c);
    let a2_$c = m1_$c + m2_$c + 4.0 * (m3_$c + m4_$c);
    let a3_$c = m1_$c - m2_$c + 8.0 * (m3_$c - m4_$c) + m5_$c;
  }
  #unroll r in 0..4 {
    let y$r_0 = a$r_0 + a$r_1 + a$r_2 + a$r_3 + a$r_4;
    let y$r_1 = a$r_1 - a$r_2 + 2.0 * (a$r_3 - a$r_4);
    let y$r_2 = a$r_1 + a$r_2 + 4.0 * (a$r_3 + a$r_4);
    let y$r_3 = a$r_1 - a$r_2 + 8.0 * (a$r_3 - a$r_4) + a$r_5;
  }
  let scale = epilogueScale(vector);
  let shift = epilogueShift(vector, VECTORS);
  #unroll r in 0..4 {
    let row$r = tile.row + $r * DILATION;
    #unroll c in 0..4 {
      let column$r_$c = tile.column + $c * DILATION;
      if (row$r < OUTPUT_HEIGHT && column$r_$c < OUTPUT_WIDTH) {
        let place$r_$c = ((tile.image * OUTPUT_HEIGHT + row$r) * OUTPUT_WIDTH + column$r_$c) * VECTORS + vector;
        y[place$r_$c] = finish(y$r_$c, scale, shift, place$r_$c);
      }
    }
  }
}
