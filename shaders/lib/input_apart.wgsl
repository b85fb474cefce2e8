// The input x of an elementwise function, in memory of its own: binding 7.
@group(0) @binding(7) var<storage, read> x: array<vec4f>;

fn inputAt(index: u32) -> vec4f {
  return x[index];
}
