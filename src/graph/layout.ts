/**
 * How tensors lie in memory.
 *
 * Shapes in the API, in files and in messages are PyTorch's. On the GPU channels come last. Their number is padded with
 * zeros to a multiple of 4, so that kernels read and write `vec4f`. Padding channels stay zero through every op.
 *
 * @module
 */

/** Element type of a tensor: labels are bytes, everything else is 4 bytes wide. */
export type DataType = "f32" | "u32" | "u8";

/**
 * Arrangement on the GPU, with `C₄` = C rounded up to a multiple of 4:
 *
 * | layout | shape | in memory |
 * | --- | --- | --- |
 * | `activation` | `[N, C, H, W]` | N, H, W, C₄ |
 * | `convolution` | `[O, I, R, S]` | R, S, I₄, O₄ |
 * | `depthwise` | `[C, 1, R, S]` | R, S, C₄ |
 * | `channels` | `[C]` or `[K, C]` | K, C₄ |
 * | `plain` | any | as in the shape |
 */
export type Layout = "activation" | "convolution" | "depthwise" | "channels" | "plain";

/** `count` rounded up to a multiple of 4. */
export function paddedChannels(count: number): number {
  return Math.ceil(count / 4) * 4;
}

/** Elements that a tensor takes on the GPU, padding included. */
export function storedElements(shape: readonly number[], layout: Layout): number {
  const [a = 1, b = 1, c = 1, d = 1] = shape;
  switch (layout) {
    case "activation":
      return a * c * d * paddedChannels(b);
    case "convolution":
      return c * d * paddedChannels(b) * paddedChannels(a);
    case "depthwise":
      return c * d * paddedChannels(a);
    case "channels":
      return shape.length === 2 ? a * paddedChannels(b) : paddedChannels(a);
    case "plain":
      return shape.reduce((product, side) => product * side, 1);
  }
}

/** Bytes that a tensor takes on the GPU, padding included. */
export function storedBytes(shape: readonly number[], dtype: DataType, layout: Layout): number {
  const elements = storedElements(shape, layout);
  return dtype === "u8" ? Math.ceil(elements / 4) * 4 : elements * 4;
}

/** Brings values from the order of the shape into the order on the GPU. */
export function pack(values: Float32Array, shape: readonly number[], layout: Layout): Float32Array<ArrayBuffer> {
  const count = shape.reduce((product, side) => product * side, 1);
  if (values.length !== count) {
    throw new RangeError(`Cannot pack ${values.length} numbers as [${shape.join(", ")}]: ${count} are expected`);
  }
  const packed = new Float32Array(storedElements(shape, layout));
  forEachElement(shape, layout, (index, stored) => {
    packed[stored] = values[index] ?? 0;
  });
  return packed;
}

/** Brings values from the order on the GPU into the order of the shape. */
export function unpack(packed: Float32Array, shape: readonly number[], layout: Layout): Float32Array<ArrayBuffer> {
  const values = new Float32Array(shape.reduce((product, side) => product * side, 1));
  forEachElement(shape, layout, (index, stored) => {
    values[index] = packed[stored] ?? 0;
  });
  return values;
}

/** Calls `visit(index in the order of the shape, index on the GPU)` for each element. */
function forEachElement(shape: readonly number[], layout: Layout, visit: (index: number, stored: number) => void) {
  const [a = 1, b = 1, c = 1, d = 1] = layout === "channels" && shape.length === 1 ? [1, ...shape] : shape;
  const stored = storedIndex(layout, a, b, c, d);
  let index = 0;
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      for (let k = 0; k < c; k++) {
        for (let l = 0; l < d; l++) {
          visit(index, stored === null ? index : stored(i, j, k, l));
          index++;
        }
      }
    }
  }
}

type IndexRule = (i: number, j: number, k: number, l: number) => number;

function storedIndex(layout: Layout, a: number, b: number, c: number, d: number): IndexRule | null {
  switch (layout) {
    case "activation":
      return (n, channel, y, x) => ((n * c + y) * d + x) * paddedChannels(b) + channel;
    case "convolution":
      return (o, i, r, s) => ((r * d + s) * paddedChannels(b) + i) * paddedChannels(a) + o;
    case "depthwise":
      return (channel, _one, r, s) => (r * d + s) * paddedChannels(a) + channel;
    case "channels":
      return (row, channel) => row * paddedChannels(b) + channel;
    case "plain":
      return null;
  }
}
