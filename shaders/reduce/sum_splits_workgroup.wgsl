// The second launch of a sum of few values that was cut into many parts, for GPUs, with an optional epilogue:
// y[i] = f(Σ_s partial[s, i]). The order of the sum depends on the number of parts and on LANES alone, so that two runs
// give the same bits.
// Bindings: 0 partial [splits, vectors] read · 1 epilogue, 2 residual read (lib/epilogue.wgsl) · 3 y [vectors] write,
// as vec4f. The kernel takes its sizes from the lengths of the buffers. With an epilogue, VECTORS are the channels of
// y.
// Schedule: LANES invocations share a vec4f. Each adds every LANES-th part. Their sums are added pairwise in workgroup
// memory (4 KiB). A workgroup of 256 computes 256 / LANES vec4f, which lie side by side when loaded.
// Bound: 4·(splits + 1) bytes per element; for few elements the latency of splits / LANES loads and log₂ LANES
// barriers.
#include lib/epilogue.wgsl

const LANES: u32 = 256u;
const VECTORS: u32 = 1u;

const WIDTH = 256u / LANES;

@group(0) @binding(0) var<storage, read> partial: array<vec4f>;
@group(0) @binding(1) var<storage, read> epilogue: array<vec4f>;
@group(0) @binding(2) var<storage, read> residual: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

var<workgroup> sums: array<vec4f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let vectors = arrayLength(&y);
  let splits = arrayLength(&partial) / vectors;
  let index = workgroup.x * WIDTH + local % WIDTH;
  var sum = vec4f(0.0);
  if (index < vectors) {
    for (var s = local / WIDTH; s < splits; s += LANES) {
      sum += partial[s * vectors + index];
    }
  }
  sums[local] = sum;
  workgroupBarrier();
  for (var lanes = LANES / 2u; lanes > 0u; lanes /= 2u) {
    if (local < lanes * WIDTH) {
      sums[local] += sums[local + lanes * WIDTH];
    }
    workgroupBarrier();
  }
  if (local < WIDTH && index < vectors) {
    let channel = index % VECTORS;
    y[index] = finish(sums[local], epilogueScale(channel), epilogueShift(channel, VECTORS), index);
  }
}
