// Winograd's minimal filtering F(4×4, 3×3) along one axis (Lavin & Gray, CVPR 2016). A tile takes 36 multiplications
// for 16 outputs; the direct form takes 144. Coefficients of up to 8 make rounding errors of some 3e-6.
const OUTPUTS: u32 = 4u;
const INPUTS: u32 = 6u;

// Bᵀ·d
fn transformInput(d: array<vec4f, INPUTS>) -> array<vec4f, INPUTS> {
  return array<vec4f, INPUTS>(
    4.0 * d[0] - 5.0 * d[2] + d[4],
    d[3] + d[4] - 4.0 * (d[1] + d[2]),
    d[4] - d[3] + 4.0 * (d[1] - d[2]),
    d[4] - d[2] + 2.0 * (d[3] - d[1]),
    d[4] - d[2] + 2.0 * (d[1] - d[3]),
    4.0 * d[1] - 5.0 * d[3] + d[5],
  );
}

// Aᵀ·m
fn transformOutput(m: array<vec4f, INPUTS>) -> array<vec4f, OUTPUTS> {
  return array<vec4f, OUTPUTS>(
    m[0] + m[1] + m[2] + m[3] + m[4],
    m[1] - m[2] + 2.0 * (m[3] - m[4]),
    m[1] + m[2] + 4.0 * (m[3] + m[4]),
    m[1] - m[2] + 8.0 * (m[3] - m[4]) + m[5],
  );
}

// A·d
fn transformOutputGrad(d: array<vec4f, OUTPUTS>) -> array<vec4f, INPUTS> {
  let even = d[0] + d[2];
  let odd = d[1] + d[3];
  let evenTwo = d[0] + 4.0 * d[2];
  let oddTwo = 2.0 * d[1] + 8.0 * d[3];
  return array<vec4f, INPUTS>(d[0], even + odd, even - odd, evenTwo + oddTwo, evenTwo - oddTwo, d[3]);
}

// G·g
fn transformWeight(g: array<vec4f, 3>) -> array<vec4f, INPUTS> {
  return array<vec4f, INPUTS>(
    g[0] * 0.25,
    (g[0] + g[1] + g[2]) * (-1.0 / 6.0),
    (g[0] - g[1] + g[2]) * (-1.0 / 6.0),
    (g[0] + 2.0 * g[1] + 4.0 * g[2]) * (1.0 / 24.0),
    (g[0] - 2.0 * g[1] + 4.0 * g[2]) * (1.0 / 24.0),
    g[2],
  );
}

// Gᵀ·s
fn transformWeightGrad(s: array<vec4f, INPUTS>) -> array<vec4f, 3> {
  return array<vec4f, 3>(
    s[0] * 0.25 - (s[1] + s[2]) * (1.0 / 6.0) + (s[3] + s[4]) * (1.0 / 24.0),
    (s[2] - s[1]) * (1.0 / 6.0) + (s[3] - s[4]) * (1.0 / 12.0),
    (s[3] + s[4] - s[1] - s[2]) * (1.0 / 6.0) + s[5],
  );
}
