// The soft labels of assign_soft_labels.wgsl in 12 bytes a pixel: the four largest shares in 16 bits each. Of equal
// shares that of the first class is the larger. All are 0 where the pixel is not used.
// Binding: 6 soft [N,H,W,3] write, from the first pixel of the launch on: the classes, in the bytes of a word, then
// their shares · 65535, two to a word.
@group(0) @binding(6) var<storage, read_write> soft: array<u32>;

var<private> largestShares: vec4f;
var<private> largestIds: vec4u;

fn enterShares() {
  largestShares = vec4f(0.0);
  largestIds = vec4u(0u);
}

// Puts a share in its place among the four, and the others behind it.
fn offerShare(id: u32, share: f32) {
  let isLarger = vec4f(share) > largestShares;
  let shares = largestShares;
  let ids = largestIds;
  largestShares.x = select(shares.x, share, isLarger.x);
  largestIds.x = select(ids.x, id, isLarger.x);
  largestShares.y = select(shares.y, select(share, shares.x, isLarger.x), isLarger.y);
  largestIds.y = select(ids.y, select(id, ids.x, isLarger.x), isLarger.y);
  largestShares.z = select(shares.z, select(share, shares.y, isLarger.y), isLarger.z);
  largestIds.z = select(ids.z, select(id, ids.y, isLarger.y), isLarger.z);
  largestShares.w = select(shares.w, select(share, shares.z, isLarger.z), isLarger.w);
  largestIds.w = select(ids.w, select(id, ids.z, isLarger.z), isLarger.w);
}

fn storeShares(pixel: u32, vector: u32, shares: vec4f) {
  offerShare(4u * vector, shares.x);
  offerShare(4u * vector + 1u, shares.y);
  offerShare(4u * vector + 2u, shares.z);
  offerShare(4u * vector + 3u, shares.w);
}

fn leaveShares(pixel: u32, isUsed: bool) {
  let parts = select(vec4u(0u), vec4u(largestShares * 65535.0 + 0.5), vec4<bool>(isUsed));
  let ids = largestIds;
  soft[3u * pixel] = select(0u, ids.x | ids.y << 8u | ids.z << 16u | ids.w << 24u, isUsed);
  soft[3u * pixel + 1u] = parts.x | parts.y << 16u;
  soft[3u * pixel + 2u] = parts.z | parts.w << 16u;
}
