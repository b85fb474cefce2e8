// lib/zones.wgsl for kernels that have six bindings of their own.
#include lib/zones.wgsl

@group(0) @binding(6) var<storage, read> zones: array<u32>;
