// Winograd, weight gradient: transforms dy, e = A·dy·Aᵀ for each tile of OUTPUTS×OUTPUTS elements, zeros outside the
// image.
// Bindings: 0 left = dy [N,Ho,Wo,C] read · 1 e [INPUTS²,TILES,C] write, as vec4f.
// Schedule: one invocation transforms one vec4f of channels of one tile. Bound: bytes, 4 read per 9 written; with
// F(2×2, 3×3) 4 per 16.
#include lib/convolution_geometry.wgsl
#include lib/grid.wgsl
#include TRANSFORMS
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
  #unroll r in 0..OUTPUTS {
    let row$r = tile.row + $r * DILATION;
    let start$r = (tile.image * OUTPUT_HEIGHT + row$r) * OUTPUT_WIDTH;
    #unroll c in 0..OUTPUTS {
      let column$r_$c = tile.column + $c * DILATION;
      let inside$r_$c = row$r < OUTPUT_HEIGHT && column$r_$c < OUTPUT_WIDTH;
      let d$r_$c = select(
        vec4f(0.0),
        loadLeft(select(0u, (start$r + column$r_$c) * VECTORS + vector, inside$r_$c)),
        inside$r_$c,
      );
    }
  }
  #unroll c in 0..OUTPUTS {
    let a$c = transformOutputGrad(array<vec4f, OUTPUTS>(#unroll r in 0..OUTPUTS { d$r_$c, }));
  }
  #unroll r in 0..INPUTS {
    let e$r = transformOutputGrad(array<vec4f, OUTPUTS>(#unroll c in 0..OUTPUTS { a$c[$r], }));
    #unroll c in 0..INPUTS { e[$(r * INPUTS + c) * TILES * VECTORS + index] = e$r[$c]; }
  }
}
