// The soft labels of assign_soft_labels.wgsl as they are: one share for each class and pixel.
// Binding: 6 soft [N,H,W,C₄] write, from the first pixel of the launch on.
@group(0) @binding(6) var<storage, read_write> soft: array<vec4f>;

fn enterShares() {
}

fn storeShares(pixel: u32, vector: u32, shares: vec4f) {
  soft[pixel * CLASS_VECTORS + vector] = shares;
}

fn leaveShares(pixel: u32, isUsed: bool) {
}
