// The left factor of a product, or the only one, read from a buffer: for adapters with coalesced loads and caches of their own.
@group(0) @binding(0) var<storage, read> left: array<vec4f>;

fn loadLeft(index: u32) -> vec4f {
  return left[index];
}
