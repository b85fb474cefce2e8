// The left factor of a product, read as it is: a matrix in memory. `sizes` are (rows, inner / 4, columns / 4, batches).
@group(0) @binding(0) var<storage, read> left: array<vec4f>;

fn leftRow(batch: u32, row: u32) -> vec3u {
  return vec3u((batch * sizes.x + row) * sizes.y, 0u, 0u);
}

fn loadLeft(row: vec3u, vector: u32) -> vec4f {
  return left[row.x + vector];
}

// The place in memory of vec4f `k` of a column of the right factor, which is stored as [B,N,K].
fn transposedRight(batch: u32, k: u32, column: u32) -> u32 {
  return (batch * 4u * sizes.z + column) * sizes.y + k;
}

#include lib/every_row.wgsl
