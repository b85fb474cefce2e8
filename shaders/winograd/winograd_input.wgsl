// Winograd, first step: transforms the input, v = Bᵀ·d·B for each tile d of x. A tile has INPUTS×INPUTS pixels, zeros
// outside the image.
// Bindings: 0 left = x [N,H,W,C] read · 1 v [INPUTS²,TILES,C] write, as vec4f.
// Schedule: one invocation transforms one vec4f of channels of one tile. Bound: bytes, 9 read and 9 written per element
// of x; with F(2×2, 3×3) 16 each.
#include lib/convolution_geometry.wgsl
#include lib/grid.wgsl
#include TRANSFORMS
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
  // In the padding a row or column is negative. u32 wraps to a large number, so one comparison tells what is inside.
  #unroll c in 0..INPUTS {
    let column$c = tile.column + $c * DILATION - PADDING_LEFT;
    let inside$c = column$c < WIDTH;
  }
  #unroll r in 0..INPUTS {
    let row$r = tile.row + $r * DILATION - PADDING_TOP;
    let start$r = (tile.image * HEIGHT + row$r) * WIDTH;
    #unroll c in 0..INPUTS {
      let inside$r_$c = row$r < HEIGHT && inside$c;
      let d$r_$c = select(
        vec4f(0.0),
        loadLeft(select(0u, (start$r + column$c) * VECTORS + vector, inside$r_$c)),
        inside$r_$c,
      );
    }
  }
  #unroll c in 0..INPUTS {
    let a$c = transformInput(array<vec4f, INPUTS>(#unroll r in 0..INPUTS { d$r_$c, }));
  }
  #unroll r in 0..INPUTS {
    let v$r = transformInput(array<vec4f, INPUTS>(#unroll c in 0..INPUTS { a$c[$r], }));
    #unroll c in 0..INPUTS { v[$(r * INPUTS + c) * TILES * VECTORS + index] = v$r[$c]; }
  }
}
