// The correctly rounded f32 quotient of two positive numbers, as bits. A quotient below the normal range gives 0. WGSL
// allows a division to be off by 2.5 ulp. Ties between classes would then be decided differently on different GPUs. So
// this divides the mantissas by long division, which is exact everywhere.
fn exactQuotient(numerator: f32, denominator: f32) -> u32 {
  var top = mantissa(bitcast<u32>(numerator));
  let bottom = mantissa(bitcast<u32>(denominator));
  if (top.x == 0u) {
    return 0u;
  }
  var exponent = i32(top.y) - i32(bottom.y) + 127;
  if (top.x < bottom.x) {
    top.x <<= 1u;
    exponent -= 1;
  }
  var quotient = 0u;
  var remainder = top.x;
  for (var bit = 0u; bit < 24u; bit++) {
    quotient <<= 1u;
    if (remainder >= bottom.x) {
      remainder -= bottom.x;
      quotient |= 1u;
    }
    remainder <<= 1u;
  }
  // Round half to even.
  if (remainder > bottom.x || (remainder == bottom.x && (quotient & 1u) == 1u)) {
    quotient += 1u;
    if (quotient == 0x1000000u) {
      quotient >>= 1u;
      exponent += 1;
    }
  }
  if (exponent < 1) {
    return 0u;
  }
  return (u32(min(exponent, 254)) << 23u) | (quotient & 0x7fffffu);
}

// The mantissa with its leading bit at 23, and the biased exponent plus 32. Adding 32 keeps it positive for denormals.
fn mantissa(bits: u32) -> vec2u {
  let exponent = (bits >> 23u) & 0xffu;
  let fraction = bits & 0x7fffffu;
  if (exponent > 0u) {
    return vec2u(fraction | 0x800000u, exponent + 32u);
  }
  if (fraction == 0u) {
    return vec2u(0u, 0u);
  }
  let shift = countLeadingZeros(fraction) - 8u;
  return vec2u(fraction << shift, 33u - shift);
}
