// Lengths and angles in whole numbers, so that all adapters agree on every bit. WGSL lets sqrt, division, atan2 and
// asin be off by far more than a column of a range image, and lets a compiler fuse and reorder what is written in
// floats. Includes with it: lib/random.wgsl, for multiplyHigh.

// The mantissa of a positive f32, with its leading bit at 23; 0 for zero and for denormals.
fn mantissaOf(bits: u32) -> u32 {
  return select(0u, (bits & 0x7fffffu) | 0x800000u, bits >= 0x800000u);
}

// The square of a number, as its low and its high word.
fn wideSquare(a: u32) -> vec2u {
  return vec2u(a * a, multiplyHigh(a, a));
}

fn wideSum(a: vec2u, b: vec2u) -> vec2u {
  let low = a.x + b.x;
  return vec2u(low, a.y + b.y + select(0u, 1u, low < a.x));
}

fn wideDifference(a: vec2u, b: vec2u) -> vec2u {
  return vec2u(a.x - b.x, a.y - b.y - select(0u, 1u, a.x < b.x));
}

fn isWideLess(a: vec2u, b: vec2u) -> bool {
  return a.y < b.y || (a.y == b.y && a.x < b.x);
}

fn wideShiftRight(a: vec2u, count: u32) -> vec2u {
  let near = vec2u((a.x >> (count & 31u)) | ((a.y << 1u) << (~count & 31u)), a.y >> (count & 31u));
  return select(vec2u(near.y, 0u), near, vec2<bool>(count < 32u));
}

// The square of a component, in units of which the largest component has 2^60 to 2^62. `below` is how much smaller the
// exponent is than that of the largest.
fn scaledSquare(bits: u32, below: u32) -> vec2u {
  let square = wideSquare(mantissaOf(bits));
  let high = vec2u(square.x << 14u, (square.y << 14u) | (square.x >> 18u));
  return wideShiftRight(high, min(2u * below, 63u));
}

// The bits of the correctly rounded f32 length of a vector. `bits` are those of the absolute values of its components,
// all finite. Squares smaller than 2^-60 of the largest do not count. A length beyond the largest f32 gives bits of
// infinity or more.
fn exactLength(bits: vec3u) -> u32 {
  let exponents = bits >> vec3u(23u);
  var exponent = max(exponents.x, max(exponents.y, exponents.z));
  let below = vec3u(exponent) - exponents;
  var sum = wideSum(scaledSquare(bits.x, below.x), scaledSquare(bits.y, below.y));
  sum = wideSum(sum, scaledSquare(bits.z, below.z));
  let isLarge = sum.y >= 0x40000000u;
  sum = select(sum, vec2u((sum.x >> 2u) | (sum.y << 30u), sum.y >> 2u), vec2<bool>(isLarge));
  exponent += select(0u, 1u, isLarge);
  // sum is in [2^60, 2^62). The mantissa is √sum / 2^7. An estimate in floats is off by a few units. Newton's step,
  // rounded down, leaves less than one, and a comparison with the middle decides.
  let estimate = sqrt(f32(sum.y) + f32(sum.x) * 0x1p-32f) * 512.0;
  var root = clamp(u32(estimate), 0x800000u, 0xffffffu);
  let rest = wideDifference(sum, wideSquare(root << 7u));
  let correction = (f32(i32(rest.y)) * 0x1p32f + f32(rest.x)) / (f32(root) * 32768.0);
  root = u32(i32(root) + i32(floor(correction)));
  root += select(1u, 0u, isWideLess(sum, wideSquare((2u * root + 1u) << 6u)));
  return select((exponent << 23u) + root - 0x800000u, 0u, all(exponents == vec3u(0u)));
}

// ⌊2^30 · a/b⌋ of two mantissas. An estimate in floats gives the upper digits, that of the remainder the lower ones,
// and a comparison decides the last.
fn mantissaQuotient(a: u32, b: u32) -> u32 {
  let divisor = f32(b);
  let upper = u32(f32(a) / divisor * 8388608.0);
  let rest = i32((a << 23u) - upper * b);
  var lower = i32(floor(f32(rest) / divisor * 128.0));
  let last = (rest << 7u) - lower * i32(b);
  lower += select(0, 1, last >= i32(b)) - select(0, 1, last < 0);
  return u32(i32(upper << 7u) + lower);
}

// The high word of a product, without what its lowest halves give: at most 2 less than multiplyHigh.
fn roughHigh(a: u32, b: u32) -> u32 {
  return (a >> 16u) * (b >> 16u) + (((a >> 16u) * (b & 0xffffu)) >> 16u) + (((a & 0xffffu) * (b >> 16u)) >> 16u);
}

// arctan(a/b) in eighths of a turn, times 2^31, from 0 to 2^31: for the bits of f32 numbers 0 ≤ a ≤ b, b > 0. Off by
// less than 8 · 2^-31. arctan(t) = t · p(t²), with the signs of p's coefficients alternating; the coefficients
// interpolate arctan(t)/t · 4/π at the zeros of a Chebyshev polynomial in t², times 2^31.
fn eighthTurn(a: u32, b: u32) -> u32 {
  let below = (b >> 23u) - (a >> 23u);
  let quotient = mantissaQuotient(mantissaOf(a), mantissaOf(b));
  var t = select(quotient << 1u, quotient >> (min(below, 33u) - 2u), below >= 2u);
  t = select(t, quotient << 2u, below == 0u);
  let square = roughHigh(t, t);
  var sum = 0x2d3f2au;
  sum = 0x12afbc6u - roughHigh(sum, square);
  sum = 0x39e5cbbu - roughHigh(sum, square);
  sum = 0x7372a3cu - roughHigh(sum, square);
  sum = 0xaef8fbcu - roughHigh(sum, square);
  sum = 0xe55df9fu - roughHigh(sum, square);
  sum = 0x1203ce6bu - roughHigh(sum, square);
  sum = 0x17456f63u - roughHigh(sum, square);
  sum = 0x20982252u - roughHigh(sum, square);
  sum = 0x36532ac7u - roughHigh(sum, square);
  sum = 0xa2f9836du - roughHigh(sum, square);
  return select(roughHigh(t, sum), 0x80000000u, a == b);
}
