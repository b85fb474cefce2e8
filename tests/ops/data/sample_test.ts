import { assert, assertEquals, assertThrows } from "@std/assert";
import { Program } from "../../../src/graph/program.ts";
import { input } from "../../../src/graph/tensor.ts";
import { type SampleGeometry, sampleGeometryValues, wholeImage } from "../../../src/ops/data/geometry.ts";
import { sampleImages, sampleLabels } from "../../../src/ops/data/sample.ts";
import { Random } from "../../../src/random.ts";
import { sampleImages as imagesTwin, sampleLabels as labelsTwin } from "../../twins/sample.ts";
import { assertClose, runGraph, testGpu } from "../harness.ts";

const normalization = { scale: [1 / 127.5, 1 / 58, 1 / 60], shift: [-1, -2, -1.8] };
const plain = wholeImage(1, 1);

interface Case {
  readonly name: string;
  readonly size: readonly [number, number];
  readonly crop: readonly [number, number];
  readonly plans: readonly Partial<SampleGeometry>[];
}

const cases: Case[] = [
  { name: "the whole image of odd width", size: [3, 5], crop: [3, 5], plans: [{ scaledHeight: 3, scaledWidth: 5 }] },
  {
    name: "three scales, one mirrored",
    size: [12, 17],
    crop: [9, 11],
    plans: [
      { scaledHeight: 9, scaledWidth: 13, top: 0, left: 2 },
      { scaledHeight: 18, scaledWidth: 25, top: 7, left: 14, mirror: true },
      { scaledHeight: 13, scaledWidth: 16, top: 4, left: 1 },
    ],
  },
  {
    name: "crops that reach beyond the scaled image",
    size: [8, 10],
    crop: [9, 13],
    plans: [
      { scaledHeight: 6, scaledWidth: 8 },
      { scaledHeight: 6, scaledWidth: 20, top: 0, left: 7, mirror: true },
      { scaledHeight: 11, scaledWidth: 8, top: 2, left: 0, mirror: true },
    ],
  },
  {
    name: "changed colours",
    size: [7, 6],
    crop: [5, 7],
    plans: [
      { scaledHeight: 8, scaledWidth: 7, brightness: 1.3, contrast: 0.8, saturation: 1.2, top: 3 },
      { scaledHeight: 7, scaledWidth: 8, brightness: 0.7, contrast: 1.4, saturation: 0.5, left: 1 },
    ],
  },
  { name: "one pixel", size: [1, 1], crop: [2, 3], plans: [{ scaledHeight: 2, scaledWidth: 2 }] },
];

for (const { name, size, crop, plans } of cases) {
  const geometry = plans.map((plan) => ({ ...plain, ...plan }));
  Deno.test(`sampleImages() matches its definition with ${name}`, async () => {
    const bytes = randomBytes(geometry.length * size[0] * size[1] * 4);
    const { images } = await sample(bytes, null, geometry, size, crop);
    assertClose(images, imagesTwin(bytes, geometry, size, crop, normalization), 1e-6, "images");
  });
  Deno.test(`sampleLabels() equals its definition with ${name}`, async () => {
    const labels = randomBytes(geometry.length * size[0] * size[1]);
    const { labels: found } = await sample(null, labels, geometry, size, crop);
    assertEquals([...found], labelsTwin(labels, geometry, size, crop));
  });
}

Deno.test("images smaller than the maps of their batch are cut as if the maps were of their size", async () => {
  const sizes = [{ height: 5, width: 9 }, { height: 9, width: 5 }, { height: 3, width: 4 }];
  const crop = [6, 7] as const;
  const places = [
    { ...plain, scaledHeight: 7, scaledWidth: 12, top: 2, left: 3 },
    { ...plain, scaledHeight: 9, scaledWidth: 5, mirror: true },
    // Padded on the left, as mirrored views are.
    { ...plain, scaledHeight: 3, scaledWidth: 4, mirror: true, left: -3 },
  ];
  const [height, width] = [7, 8];
  const bytes = new Uint8Array(3 * height * width * 4).fill(99);
  const labels = new Uint8Array(3 * height * width).fill(7);
  const expected: number[] = [];
  const expectedLabels: number[] = [];
  for (const [index, size] of sizes.entries()) {
    const pixels = size.height * size.width;
    const own = randomBytes(4 * pixels).map((byte) => byte ^ index);
    const ids = own.subarray(0, pixels);
    bytes.set(own, index * height * width * 4);
    labels.set(ids, index * height * width);
    const place = places[index];
    assert(place !== undefined);
    expected.push(...imagesTwin(own, [place], [size.height, size.width], crop, normalization));
    expectedLabels.push(...labelsTwin(ids, [place], [size.height, size.width], crop));
  }
  const geometry = places.map((place, index) => ({ ...place, size: sizes[index] ?? { height: 0, width: 0 } }));
  const found = await sample(bytes, labels, geometry, [height, width], crop);
  assertClose(found.images, expected, 1e-6, "images");
  assertEquals([...found.labels], expectedLabels);
});

Deno.test("sampleImages() of the whole image is v/127.5 − 1 as exactly as the adapter divides, and padding is 0", async () => {
  const bytes = new Uint8Array(16 * 17 * 4).map((_, index) => index >> 2);
  const x = input("x", [1, 16, 17], { dtype: "u32", layout: "plain" });
  const geometry = input("geometry", [1, 12], { layout: "plain" });
  const third = 1 / 127.5;
  const y = sampleImages(x, geometry, {
    height: 16,
    width: 17,
    normalization: { scale: [third, third, third], shift: [-1, -1, -1] },
  });
  const gpu = await testGpu();
  using program = await Program.compile(gpu, { outputs: { y } });
  program.write("x", bytes);
  program.write("geometry", Float32Array.from(sampleGeometryValues(wholeImage(16, 17))));
  program.run();
  const stored = new Float32Array((await program.readBytes("y")).buffer);
  const expected = Float32Array.from(
    bytes,
    (value, index) => index % 4 === 3 ? 0 : Math.fround(Math.fround(value / 127.5) - 1),
  );
  if (gpu.kind.software) assertEquals(stored, expected);
  // WGSL allows a quotient, here at most 2, to be off by 2.5 ulp, and rounds the difference.
  const allowed = 2.5 * 2 ** -23 + 2 ** -24;
  const wrong = stored.findIndex((value, index) =>
    index % 4 === 3 ? value !== 0 : Math.abs(value - (expected[index] ?? NaN)) > allowed
  );
  assertEquals(wrong, -1, `${stored[wrong]} instead of ${expected[wrong]}`);
});

Deno.test("sampleImages() gives blue first where the normalisation wants it so", async () => {
  const [size, crop] = [[5, 6], [4, 7]] as const;
  const place = { ...plain, scaledHeight: 6, scaledWidth: 5, top: 1, saturation: 1.3, mirror: true };
  const bytes = randomBytes(5 * 6 * 4);
  const { y = new Float32Array() } = await runGraph(
    {
      images: { shape: [1, ...size], dtype: "u32", layout: "plain", values: new Uint32Array(bytes.buffer) },
      geometry: { shape: [1, 12], layout: "plain", values: sampleGeometryValues(place) },
    },
    ({ images, geometry }) => {
      const options = { height: crop[0], width: crop[1], normalization: { ...normalization, order: "bgr" as const } };
      return { y: sampleImages(images, geometry, options) };
    },
  );
  const [red, green, blue] = [0, 1, 2].map((plane) =>
    imagesTwin(bytes, [place], size, crop, normalization).slice(plane * 28, (plane + 1) * 28)
  );
  assertClose(y, [blue, green, red].flatMap((plane) => plane ?? []), 1e-6, "images");
});

Deno.test("sampleLabels() of the whole map returns its bytes, and zeros after the last", async () => {
  const labels = randomBytes(3 * 5);
  const { labels: found, labelBytes } = await sample(null, labels, [wholeImage(3, 5)], [3, 5], [3, 5]);
  assertEquals([...found], [...labels]);
  assertEquals([...labelBytes], [...labels, 0]);
});

Deno.test("sampleImages() says which images and geometry it takes", () => {
  const words = input("x", [2, 4, 4], { dtype: "u32", layout: "plain" });
  const bytes = input("x", [2, 4, 4], { dtype: "u8", layout: "plain" });
  const geometry = input("geometry", [1, 12], { layout: "plain" });
  const options = { height: 2, width: 2, normalization };
  assertThrows(() => sampleImages(bytes, geometry, options), RangeError, "must be u32 plain [N, H, W]");
  assertThrows(() => sampleImages(words, geometry, options), RangeError, "must be plain [2, 12]");
});

Deno.test("a geometry is refused where the product of a side and of the scaled side does not fit whole numbers", () => {
  const scaled = (width: number) => ({ ...wholeImage(4, width), size: { height: 4, width: 40_000 } });
  assertThrows(
    () => sampleGeometryValues(scaled(30_000)),
    RangeError,
    "Cannot crop an image: 40000 columns cannot be interpolated to 30000",
  );
  assertEquals(sampleGeometryValues(scaled(40_000)).slice(0, 2), [4, 40_000]);
  assertEquals(sampleGeometryValues(scaled(20_000)).slice(0, 2), [4, 20_000]);
});

/** Runs one or both ops. */
async function sample(
  bytes: Uint8Array<ArrayBuffer> | null,
  labels: Uint8Array<ArrayBuffer> | null,
  plans: readonly SampleGeometry[],
  [height, width]: readonly [number, number],
  [cropHeight, cropWidth]: readonly [number, number],
) {
  const shape = [plans.length, height, width];
  const crop = { height: cropHeight, width: cropWidth };
  const geometry = input("geometry", [plans.length, 12], { layout: "plain" });
  const x = input("x", shape, { dtype: "u32", layout: "plain" });
  const l = input("labels", shape, { dtype: "u8", layout: "plain" });
  using program = await Program.compile(await testGpu(), {
    outputs: {
      ...(bytes ? { images: sampleImages(x, geometry, { ...crop, normalization }) } : {}),
      ...(labels ? { labels: sampleLabels(l, geometry, crop) } : {}),
    },
  });
  if (bytes) program.write("x", bytes);
  if (labels) program.write("labels", labels);
  program.write("geometry", Float32Array.from(plans.flatMap(sampleGeometryValues)));
  program.run();
  const empty = new Float32Array();
  const result = {
    images: bytes ? await program.read("images") : empty,
    labels: labels ? await program.read("labels") : empty,
    labelBytes: labels ? await program.readBytes("labels") : new Uint8Array(),
  };
  const size = plans.length * cropHeight * cropWidth;
  assert(result.images.length === 0 || result.images.length === 3 * size);
  return result;
}

function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  const random = new Random(5, "bytes");
  return Uint8Array.from({ length: count }, (_, index) => Math.floor(256 * random.uniform(index)));
}
