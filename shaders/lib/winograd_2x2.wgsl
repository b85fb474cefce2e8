// Winograd's minimal filtering F(2×2, 3×3) along one axis (Lavin & Gray, CVPR 2016). A tile takes 16 multiplications
// for 4 outputs; the direct form takes 36. Its tiles are smaller than those of F(4×4, 3×3). So fewer of them lie
// outside small images, and outside the phases of a large dilation.
const OUTPUTS: u32 = 2u;
const INPUTS: u32 = 4u;

// Bᵀ·d
fn transformInput(d: array<vec4f, INPUTS>) -> array<vec4f, INPUTS> {
  return array<vec4f, INPUTS>(d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]);
}

// Aᵀ·m
fn transformOutput(m: array<vec4f, INPUTS>) -> array<vec4f, OUTPUTS> {
  return array<vec4f, OUTPUTS>(m[0] + m[1] + m[2], m[1] - m[2] - m[3]);
}

// A·d
fn transformOutputGrad(d: array<vec4f, OUTPUTS>) -> array<vec4f, INPUTS> {
  return array<vec4f, INPUTS>(d[0], d[0] + d[1], d[0] - d[1], -d[1]);
}

// G·g
fn transformWeight(g: array<vec4f, 3>) -> array<vec4f, INPUTS> {
  return array<vec4f, INPUTS>(g[0], (g[0] + g[1] + g[2]) * 0.5, (g[0] - g[1] + g[2]) * 0.5, g[2]);
}

// Gᵀ·s
fn transformWeightGrad(s: array<vec4f, INPUTS>) -> array<vec4f, 3> {
  return array<vec4f, 3>(s[0] + (s[1] + s[2]) * 0.5, (s[1] - s[2]) * 0.5, (s[1] + s[2]) * 0.5 + s[3]);
}
