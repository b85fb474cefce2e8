// The two factors of a matrix product, read from buffers: adapters with coalesced loads and caches of their own.
@group(0) @binding(0) var<storage, read> left: array<vec4f>;
@group(0) @binding(1) var<storage, read> right: array<vec4f>;

fn loadLeft(index: u32) -> vec4f {
  return left[index];
}

fn loadRight(index: u32) -> vec4f {
  return right[index];
}
