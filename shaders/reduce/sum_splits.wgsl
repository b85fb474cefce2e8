// The second launch of a sum that was cut into parts, with an optional epilogue: y[i] = f(Σ_s partial[s, i]). The parts
// are added in the order of s, so that two runs give the same bits.
// Bindings: 0 partial [splits, vectors] read · 1 epilogue, 2 residual read (lib/epilogue.wgsl) · 3 y [vectors] write,
// as vec4f. The kernel takes its sizes from the lengths of the buffers. With an epilogue, VECTORS are the channels of
// y.
// Schedule: one invocation per vec4f. Bound: 4·(splits + 1) bytes per element.
#include lib/epilogue.wgsl
#include lib/grid.wgsl

const VECTORS: u32 = 1u;

@group(0) @binding(0) var<storage, read> partial: array<vec4f>;
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
  let vectors = arrayLength(&y);
  if (index >= vectors) {
    return;
  }
  let splits = arrayLength(&partial) / vectors;
  var sum = partial[index];
  for (var s = 1u; s < splits; s++) {
    sum += partial[s * vectors + index];
  }
  let channel = index % VECTORS;
  y[index] = finish(sum, epilogueScale(channel), epilogueShift(channel, VECTORS), index);
}
