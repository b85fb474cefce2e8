import { assert, assertEquals } from "@std/assert";
import { pack } from "../../src/graph/layout.ts";
import { classProbabilities } from "../../src/selftraining/class_probabilities.ts";
import type { ScoreBatch } from "../../src/selftraining/scores.ts";
import { assertClose, randomValues, size, testGpu } from "../ops/harness.ts";
import { between, interpolate } from "../twins/interpolation.ts";
import { softmax } from "../twins/softmax.ts";

type Shape = readonly [number, number, number, number];

/** Softmax of the interpolated logits, `[N, C, H, W]`. */
function twin(x: ArrayLike<number>, [images, classes, h, w]: Shape, [height, width]: readonly [number, number]) {
  const full: number[] = [];
  for (let map = 0; map < images * classes; map++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const [vertical, horizontal] = [between(row, h, height, false), between(column, w, width, false)];
        full.push(interpolate(x, map * h * w, [h, w], vertical, horizontal));
      }
    }
  }
  return softmax(full, [images, classes, height, width]);
}

/** All pieces put together, `[N, C, H, W]`, and how many there were. */
async function probabilities(x: Float32Array<ArrayBuffer>, shape: Shape, to: readonly [number, number], bytes: number) {
  const gpu = await testGpu();
  const [images, classes, h, w] = shape;
  const [height, width] = to;
  const packed = pack(x, shape, "activation");
  const buffer = gpu.createBuffer(packed.byteLength, "logits");
  gpu.write(buffer, packed);
  const batch: ScoreBatch = {
    ...{ images, height, width, views: [{ offset: 0, height: h, width: w, mirror: false }] },
    logits: { buffer, offset: 0, size: buffer.size },
  };
  const found = new Float32Array(images * classes * height * width).fill(NaN);
  let pieces = 0;
  for await (const { first, values } of classProbabilities(gpu, batch, { classes }, bytes)) {
    const count = values.length / classes;
    for (let id = 0; id < classes; id++) {
      for (let index = 0; index < count; index++) {
        const image = Math.floor((first + index) / (height * width));
        const pixel = (first + index) % (height * width);
        found[(image * classes + id) * height * width + pixel] = values[id * count + index] ?? NaN;
      }
    }
    pieces++;
  }
  gpu.destroyBuffer(buffer);
  return { found, pieces };
}

for (
  const { name, shape, to, bytes, wantedPieces } of [
    { name: "in one piece", shape: [1, 7, 3, 4], to: [24, 32], bytes: 2 ** 20, wantedPieces: 1 },
    { name: "in pieces that end within rows", shape: [2, 5, 4, 3], to: [11, 13], bytes: 5 * 4 * 100, wantedPieces: 3 },
    { name: "of 34 classes", shape: [1, 34, 2, 2], to: [3, 5], bytes: 2 ** 20, wantedPieces: 1 },
    { name: "of 64 classes", shape: [1, 64, 2, 3], to: [3, 5], bytes: 2 ** 20, wantedPieces: 1 },
    { name: "of 65 classes", shape: [1, 65, 2, 3], to: [3, 5], bytes: 2 ** 20, wantedPieces: 1 },
    { name: "of 255 classes", shape: [2, 255, 2, 3], to: [5, 7], bytes: 2 ** 20, wantedPieces: 1 },
    { name: "of pixels that are larger than a piece", shape: [1, 6, 1, 2], to: [1, 3], bytes: 1, wantedPieces: 3 },
  ] as const
) {
  Deno.test(`class probabilities ${name} are the softmax of the interpolated logits`, async () => {
    const x = randomValues(size(shape), "logits");
    const { found, pieces } = await probabilities(x, shape, to, bytes);
    assertEquals(pieces, wantedPieces);
    assertClose(found, twin(x, shape, to), 2e-6, name);
    assert(found.every((value) => value >= 0 && value <= 1));
  });
}

Deno.test("an image that begins some pixels after the first of a score map of its size looks that much further down and right", async () => {
  const gpu = await testGpu();
  const [classes, height, width] = [5, 6, 7];
  const shape = [1, classes, height, width];
  const x = randomValues(size(shape), "logits");
  const packed = pack(x, shape, "activation");
  const buffer = gpu.createBuffer(packed.byteLength, "logits");
  gpu.write(buffer, packed);
  const covered = {
    rows: { numerator: height, denominator: 1, offset: 2 },
    columns: { numerator: width, denominator: 1, offset: 3 },
  };
  const batch: ScoreBatch = {
    ...{ images: 1, height, width, views: [{ offset: 0, height, width, mirror: false, covered }] },
    logits: { buffer, offset: 0, size: buffer.size },
  };
  const moved = Array.from(x, (_, index) => {
    const row = Math.min(Math.floor(index / width) % height + 2, height - 1);
    const column = Math.min(index % width + 3, width - 1);
    return x[(Math.floor(index / (height * width)) * height + row) * width + column] ?? NaN;
  });
  for await (const { values } of classProbabilities(gpu, batch, { classes })) {
    assertClose(values, softmax(moved, shape), 2e-6, "probabilities");
  }
  gpu.destroyBuffer(buffer);
});

for (const classes of [7, 70]) {
  Deno.test(`the maximum over views is that of their probabilities, of ${classes} classes`, async () => {
    const gpu = await testGpu();
    const shape = [1, classes, 3, 4] as const;
    const to = [6, 8] as const;
    const x = randomValues(size(shape), "logits");
    const packed = pack(x, shape, "activation");
    const buffer = gpu.createBuffer(packed.byteLength, "logits");
    gpu.write(buffer, packed);
    const views = [false, true].map((mirror) => ({ offset: 0, height: 3, width: 4, mirror }));
    const batch: ScoreBatch = {
      ...{ images: 1, height: 6, width: 8, views },
      logits: { buffer, offset: 0, size: buffer.size },
    };
    const pieces: Float32Array[] = [];
    for await (const { values } of classProbabilities(gpu, batch, { classes, takesMaximum: true })) pieces.push(values);
    const plain = twin(x, shape, to);
    const expected = plain.map((value, index) => Math.max(value, plain[index - index % 8 + 7 - index % 8] ?? NaN));
    assertClose(pieces[0] ?? [], expected, 2e-6, "maximum");
    gpu.destroyBuffer(buffer);
  });
}
