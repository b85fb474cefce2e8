// Part of a function, for few classes, which fit registers: p$v are the probabilities of the classes of `pixel`, four
// to a vector, from its logits. They are 0 where there is no class. The including file declares VECTORS and values:
// array<vec4f>, the logits, and includes lib/class_lanes.wgsl.
  #unroll v in 0..VECTORS {
    let x$v = values[pixel * VECTORS + $v];
  }
  var largest4 = vec4f(x0.x);
  #unroll v in 0..VECTORS {
    largest4 = select(largest4, max(largest4, x$v), isClass($v));
  }
  let largest = max(max(largest4.x, largest4.y), max(largest4.z, largest4.w));
  var sum4 = vec4f(0.0);
  #unroll v in 0..VECTORS {
    let e$v = select(vec4f(0.0), exp(x$v - largest), isClass($v));
    sum4 += e$v;
  }
  let sum = (sum4.x + sum4.y) + (sum4.z + sum4.w);
  #unroll v in 0..VECTORS {
    let p$v = e$v / sum;
  }
