// The weights of the errors of the Lovász-softmax in a buffer, for GPUs.
@group(0) @binding(2) var<storage, read> weights: array<f32>;

fn weightAt(place: u32) -> f32 {
  return weights[place];
}
