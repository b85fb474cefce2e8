// Activations, by number: 0 none, 1 ReLU, 2 ReLU6, 3 leaky ReLU. As in PyTorch the derivative is 0 at the kinks of
// ReLU and ReLU6 (and beyond them), and the negative slope at the kink of leaky ReLU.
fn activate(value: vec4f, kind: u32, negativeSlope: f32) -> vec4f {
  switch kind {
    case 1u: { return max(value, vec4f(0.0)); }
    case 2u: { return clamp(value, vec4f(0.0), vec4f(6.0)); }
    case 3u: { return select(value * negativeSlope, value, value > vec4f(0.0)); }
    default: { return value; }
  }
}

// The gradient at the input of an activation, from the gradient at its output and the input's value.
fn activationGrad(gradient: vec4f, value: vec4f, kind: u32, negativeSlope: f32) -> vec4f {
  switch kind {
    case 1u: { return select(vec4f(0.0), gradient, value > vec4f(0.0)); }
    case 2u: { return select(vec4f(0.0), gradient, (value > vec4f(0.0)) & (value < vec4f(6.0))); }
    case 3u: { return select(gradient * negativeSlope, gradient, value > vec4f(0.0)); }
    default: { return gradient; }
  }
}
