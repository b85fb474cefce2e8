// The last step of a convolution, done before its sum v is written: f(scale · v + shift + residual). Scale and shift
// have one number per channel.
// A kernel that includes this file declares `epilogue`, [2,C] (scale, shift) or [C] (a bias is a shift alone), and
// `residual`, of the shape of its result. Where one of them is absent, any buffer is bound for it and not read.
#include lib/activation.wgsl

const HAS_SCALE: bool = false;
const HAS_SHIFT: bool = false;
const HAS_RESIDUAL: bool = false;
const ACTIVATION: u32 = 0u;
const NEGATIVE_SLOPE: f32 = 0.0f;

fn epilogueScale(vector: u32) -> vec4f {
  if (HAS_SCALE) {
    return epilogue[vector];
  }
  return vec4f(1.0);
}

fn epilogueShift(vector: u32, vectors: u32) -> vec4f {
  if (HAS_SHIFT) {
    return epilogue[select(0u, vectors, HAS_SCALE) + vector];
  }
  return vec4f(0.0);
}

// What is written at `place` of the result.
fn finish(sum: vec4f, scale: vec4f, shift: vec4f, place: u32) -> vec4f {
  var value = fma(sum, scale, shift);
  if (HAS_RESIDUAL) { value += residual[place]; }
  return activate(value, ACTIVATION, NEGATIVE_SLOPE);
}
