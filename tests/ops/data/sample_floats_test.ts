import { assertEquals, assertThrows } from "@std/assert";
import { pack } from "../../../src/graph/layout.ts";
import { Program } from "../../../src/graph/program.ts";
import { input } from "../../../src/graph/tensor.ts";
import { type SampleGeometry, sampleGeometryValues, wholeImage } from "../../../src/ops/data/geometry.ts";
import { sampleFloats, sampleWeights } from "../../../src/ops/data/sample_floats.ts";
import { sampleFloats as twin } from "../../twins/sample.ts";
import { assertClose, randomValues, testGpu } from "../harness.ts";

const plain = wholeImage(1, 1);

interface Case {
  readonly name: string;
  readonly channels: number;
  readonly size: readonly [number, number];
  readonly crop: readonly [number, number];
  readonly plans: readonly Partial<SampleGeometry>[];
}

const cases: Case[] = [
  {
    name: "five channels, the whole map",
    channels: 5,
    size: [3, 5],
    crop: [3, 5],
    plans: [{ scaledHeight: 3, scaledWidth: 5 }],
  },
  {
    name: "three scales, one mirrored, one beyond the edge",
    channels: 6,
    size: [12, 17],
    crop: [9, 13],
    plans: [
      { scaledHeight: 9, scaledWidth: 13, top: 0, left: 2 },
      { scaledHeight: 18, scaledWidth: 25, top: 7, left: 12, mirror: true },
      { scaledHeight: 13, scaledWidth: 16, top: 4, left: 1 },
    ],
  },
  { name: "one pixel", channels: 1, size: [1, 1], crop: [2, 3], plans: [{ scaledHeight: 2, scaledWidth: 2 }] },
];

for (const { name, channels, size, crop, plans } of cases) {
  const geometry = plans.map((plan) => ({ ...plain, ...plan }));
  const shape = [plans.length, channels, ...size];
  const values = randomValues(shape.reduce((product, side) => product * side, 1), name);
  for (const interpolation of ["bilinear", "nearest"] as const) {
    Deno.test(`sampleFloats() matches its definition with ${name}, ${interpolation}, twice the same`, async () => {
      const [found, again] = await sampled(values, shape, geometry, crop, interpolation);
      const expected = twin(values, channels, geometry, size, crop, interpolation);
      if (interpolation === "nearest") assertEquals([...found], expected.map(Math.fround));
      else assertClose(found, expected, 1e-6, "maps");
      assertEquals(found, again);
    });
  }
  Deno.test(`sampleWeights() equals its definition with ${name}`, async () => {
    const maps = randomValues(plans.length * size[0] * size[1], name);
    const weights = input("weights", [plans.length, ...size], { layout: "plain" });
    const places = input("geometry", [plans.length, 12], { layout: "plain" });
    const y = sampleWeights(weights, places, { height: crop[0], width: crop[1] });
    using program = await Program.compile(await testGpu(), { outputs: { y } });
    program.write("weights", maps);
    program.write("geometry", Float32Array.from(geometry.flatMap(sampleGeometryValues)));
    program.run();
    assertEquals([...await program.read("y")], twin(maps, 1, geometry, size, crop, "nearest").map(Math.fround));
  });
}

Deno.test("sampleFloats() and sampleWeights() say which maps and geometry they take", () => {
  const geometry = input("geometry", [2, 12], { layout: "plain" });
  const one = input("geometry", [1, 12], { layout: "plain" });
  const maps = input("x", [2, 3, 4, 4]);
  const plane = input("x", [2, 4, 4], { layout: "plain" });
  const crop = { height: 2, width: 2 };
  const options = { ...crop, interpolation: "nearest" } as const;
  assertThrows(() => sampleFloats(plane, geometry, options), RangeError, "must be f32 [N, C, H, W]");
  assertThrows(() => sampleFloats(maps, one, options), RangeError, "must be plain [2, 12]");
  assertThrows(() => sampleWeights(maps, geometry, crop), RangeError, "must be f32 plain [N, H, W]");
  assertThrows(() => sampleWeights(plane, one, crop), RangeError, "must be plain [2, 12]");
});

/** Two runs of the op. */
async function sampled(
  values: Float32Array,
  shape: readonly number[],
  plans: readonly SampleGeometry[],
  [height, width]: readonly [number, number],
  interpolation: "bilinear" | "nearest",
): Promise<[Float32Array, Float32Array]> {
  const geometry = input("geometry", [plans.length, 12], { layout: "plain" });
  const y = sampleFloats(input("x", shape), geometry, { height, width, interpolation });
  using program = await Program.compile(await testGpu(), { outputs: { y } });
  program.write("x", pack(values, shape, "activation"));
  program.write("geometry", Float32Array.from(plans.flatMap(sampleGeometryValues)));
  program.run();
  const first = await program.read("y");
  program.run();
  return [first, await program.read("y")];
}
