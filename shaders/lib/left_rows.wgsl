// The left factor of a product as a matrix in memory: `sizes` are (rows, inner / 4, …).
@group(0) @binding(0) var<storage, read> left: array<vec4f>;

fn leftRow(batch: u32, row: u32) -> vec3u {
  return vec3u((batch * sizes.x + row) * sizes.y, 0u, 0u);
}

fn loadLeft(row: vec3u, vector: u32) -> vec4f {
  return left[row.x + vector];
}
