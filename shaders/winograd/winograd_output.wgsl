// Winograd, last step: transforms the products back, y = f(scale · (Aᵀ·m·A) + shift + residual) for each tile m of
// products. A tile gives OUTPUTS×OUTPUTS outputs.
// Bindings: 0 left = m [INPUTS²,TILES,C] read · 1 epilogue, 2 residual read (lib/epilogue.wgsl) · 3 y [N,Ho,Wo,C]
// write, as vec4f.
// Schedule: one invocation transforms one vec4f of channels of one tile. Bound: bytes, 9 read per 4 written; with
// F(2×2, 3×3) 16 per 4.
#include lib/epilogue.wgsl
#include lib/convolution_geometry.wgsl
#include lib/grid.wgsl
#include TRANSFORMS
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
  #unroll c in 0..INPUTS {
    let a$c = transformOutput(
      array<vec4f, INPUTS>(#unroll r in 0..INPUTS { loadLeft($(r * INPUTS + c) * TILES * VECTORS + index), }),
    );
  }
  #unroll r in 0..OUTPUTS {
    let y$r = transformOutput(array<vec4f, INPUTS>(#unroll c in 0..INPUTS { a$c[$r], }));
  }
  let scale = epilogueScale(vector);
  let shift = epilogueShift(vector, VECTORS);
  #unroll r in 0..OUTPUTS {
    let row$r = tile.row + $r * DILATION;
    #unroll c in 0..OUTPUTS {
      let column$r_$c = tile.column + $c * DILATION;
      if (row$r < OUTPUT_HEIGHT && column$r_$c < OUTPUT_WIDTH) {
        let place$r_$c = ((tile.image * OUTPUT_HEIGHT + row$r) * OUTPUT_WIDTH + column$r_$c) * VECTORS + vector;
        y[place$r_$c] = finish(y$r[$c], scale, shift, place$r_$c);
      }
    }
  }
}
