// lib/zones.wgsl for kernels that have five bindings of their own.
#include lib/zones.wgsl

@group(0) @binding(5) var<storage, read> zones: array<u32>;
