// The input x of an elementwise function, where its output goes.
fn inputAt(index: u32) -> vec4f {
  return y[index];
}
