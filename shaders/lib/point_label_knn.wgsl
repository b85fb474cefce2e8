// The label of a point in backproject.wgsl, by the vote of RangeNet++. Of the 5×5 window around its pixel the five
// places vote that are nearest in range; the point's own place counts with its own range. Differences of range are
// weighted by 1 − a Gaussian of sigma 1 over the window, and beyond 1 m, after that, no place has a vote, nor has one
// without a label. The label with the most votes wins, the lowest on ties. Without a vote the point has no label.
const CUTOFF: f32 = 1.0;

// 1 − the Gaussian at a squared distance from the centre, in pixels.
fn weightAt(squared: i32) -> f32 {
  switch squared {
    case 0: { return 0.8378972; }
    case 1: { return 0.9016797; }
    case 2: { return 0.94036573; }
    case 4: { return 0.9780618; }
    case 5: { return 0.9866938; }
    default: { return 0.997031; }
  }
}

fn pointLabel(scan: u32, pixel: u32, range: f32) -> u32 {
  // The five nearest so far, in order of their distance.
  #unroll k in 0..5 {
    var distance$k = CUTOFF * 2.0;
    var label$k = 255u;
  }
  for (var place = 0; place < 25; place++) {
    let down = place / 5 - 2;
    let right = place % 5 - 2;
    let neighbour = neighbourAt(scan, i32(pixel / WIDTH) + down, i32(pixel % WIDTH) + right);
    let isEmpty = neighbour.range < 0.0 && place != 12;
    let apart = select(abs(neighbour.range - range), 0.0, place == 12);
    var distance = apart * weightAt(down * down + right * right);
    var label = neighbour.label;
    if (neighbour.isThere && !isEmpty) {
      // Of equal distances the first stays ahead; what is pushed out pushes on what lies behind it.
      var isPushing = false;
      #unroll k in 0..5 {
        isPushing = isPushing || distance < distance$k;
        if (isPushing) {
          let farther$k = distance$k;
          let other$k = label$k;
          distance$k = distance;
          label$k = label;
          distance = farther$k;
          label = other$k;
        }
      }
    }
  }
  var best = 255u;
  var most = 0u;
  #unroll k in 0..5 {
    if (label$k != 255u && distance$k <= CUTOFF) {
      var votes$k = 0u;
      #unroll other in 0..5 {
        votes$k += select(0u, 1u, label$other == label$k && distance$other <= CUTOFF);
      }
      if (votes$k > most || (votes$k == most && label$k < best)) {
        best = label$k;
        most = votes$k;
      }
    }
  }
  return best;
}
