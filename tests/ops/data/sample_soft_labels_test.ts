import { assertEquals, assertThrows } from "@std/assert";
import { Program } from "../../../src/graph/program.ts";
import { input } from "../../../src/graph/tensor.ts";
import { type SampleGeometry, sampleGeometryValues, wholeImage } from "../../../src/ops/data/geometry.ts";
import { sampleSoftLabels } from "../../../src/ops/data/sample_soft_labels.ts";
import { Random } from "../../../src/random.ts";
import { sampleFloats as twin } from "../../twins/sample.ts";
import { assertClose, testGpu } from "../harness.ts";

const [height, width] = [11, 14];
const pixels = height * width;

/** Words of random shares of some classes at each pixel, every fifth without any, and the same as maps `[N, C, H, W]`. */
function randomLabels(images: number, classes: number) {
  const random = new Random(5, "soft labels");
  const words = new Uint32Array(images * pixels * 3);
  const maps = new Float64Array(images * classes * pixels);
  for (let place = 0; place < images * pixels; place++) {
    if (place % 5 === 0) continue;
    const [image, pixel] = [Math.floor(place / pixels), place % pixels];
    for (let slot = 0; slot < 4; slot++) {
      const id = (random.integer(classes, 0, place) + slot) % classes;
      const share = slot > 0 && classes === 1 ? 0 : random.integer(65536, 1, place, slot) >> (2 * slot);
      const word = place * 3 + 1 + (slot >> 1);
      words[place * 3] = ((words[place * 3] ?? 0) | id << (8 * slot)) >>> 0;
      words[word] = ((words[word] ?? 0) | share << (16 * (slot & 1))) >>> 0;
      const at = (image * classes + id) * pixels + pixel;
      maps[at] = (maps[at] ?? 0) + share;
    }
  }
  return { words, maps };
}

/** The definition: shares bilinear or nearest, divided by their sum over the classes; 0 where the nearest has none. */
function expectedCrops(
  maps: Float64Array,
  classes: number,
  geometry: readonly SampleGeometry[],
  crop: readonly [number, number],
) {
  return geometry.flatMap((plan, image) => {
    const own = maps.subarray(image * classes * pixels, (image + 1) * classes * pixels);
    const form = plan.nearestLabels === true ? "nearest" : "bilinear";
    const shares = twin(own, classes, [plan], [height, width], crop, form);
    const area = crop[0] * crop[1];
    const sumsOf = (of: readonly number[]) =>
      Array.from({ length: area }, (_, pixel) => {
        let sum = 0;
        for (let id = 0; id < classes; id++) sum += of[id * area + pixel] ?? NaN;
        return sum;
      });
    const sums = sumsOf(shares);
    const nearest = sumsOf(twin(own, classes, [plan], [height, width], crop, "nearest"));
    return shares.map((share, index) => nearest[index % area] === 0 ? 0 : share / (sums[index % area] ?? NaN));
  });
}

for (const classes of [1, 7, 19, 255]) {
  Deno.test(`sampleSoftLabels() matches its definition with ${classes} classes, twice the same`, async () => {
    const base = wholeImage(height, width);
    const geometry: SampleGeometry[] = [
      base,
      { ...base, scaledHeight: 19, scaledWidth: 25, top: 4, left: 3, mirror: true },
      { ...base, scaledHeight: 8, scaledWidth: 9, top: 1, left: 2 },
      { ...base, scaledHeight: 19, scaledWidth: 25, top: 4, left: 3, nearestLabels: true },
    ];
    const { words, maps } = randomLabels(geometry.length, classes);
    const labels = input("labels", [geometry.length, height, width * 3], { dtype: "u32", layout: "plain" });
    const places = input("geometry", [geometry.length, 12], { layout: "plain" });
    const y = sampleSoftLabels(labels, places, { height: 9, width: 12, classes });
    using program = await Program.compile(await testGpu(), { outputs: { y } });
    program.write("labels", words);
    program.write("geometry", Float32Array.from(geometry.flatMap(sampleGeometryValues)));
    program.run();
    const found = await program.read("y");
    assertClose(found, expectedCrops(maps, classes, geometry, [9, 12]), 1e-6, "shares");
    program.run();
    assertEquals(await program.read("y"), found);
  });
}

Deno.test("sampleSoftLabels() says which labels it takes", () => {
  const geometry = input("geometry", [1, 12], { layout: "plain" });
  const labels = input("labels", [1, 4, 8], { dtype: "u32", layout: "plain" });
  assertThrows(
    () => sampleSoftLabels(labels, geometry, { height: 2, width: 2, classes: 3 }),
    RangeError,
    "must be u32 plain [N, H, 3·W]",
  );
});
