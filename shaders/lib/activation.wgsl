// Activations, by number: 0 none, 1 ReLU, 2 ReLU6, 3 leaky ReLU.
// The derivatives at the kinks are PyTorch's. For ReLU and ReLU6 it is 0 at a kink, as it is beyond it. For leaky ReLU
// it is the negative slope.
fn activate(value: vec4f, kind: u32, negativeSlope: f32) -> vec4f {
  switch kind {
    case 1u: { return max(value, vec4f(0.0)); }
    case 2u: { return clamp(value, vec4f(0.0), vec4f(6.0)); }
    case 3u: { return select(value * negativeSlope, value, value > vec4f(0.0)); }
    default: { return value; }
  }
}

// The gradient at the input of an activation. `gradient` is the one at its output, `value` the input itself.
fn activationGrad(gradient: vec4f, value: vec4f, kind: u32, negativeSlope: f32) -> vec4f {
  switch kind {
    case 1u: { return select(vec4f(0.0), gradient, value > vec4f(0.0)); }
    case 2u: { return select(vec4f(0.0), gradient, (value > vec4f(0.0)) & (value < vec4f(6.0))); }
    case 3u: { return select(gradient * negativeSlope, gradient, value > vec4f(0.0)); }
    default: { return gradient; }
  }
}
