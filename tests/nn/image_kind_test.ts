import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Program } from "../../src/graph/program.ts";
import { input } from "../../src/graph/tensor.ts";
import { imagenetPhotographs } from "../../src/nn/image_kind.ts";
import { sampleGeometryValues, wholeImage } from "../../src/ops/data/geometry.ts";
import { testGpu } from "../ops/harness.ts";

/** What a network sees of a pixel of these colours. */
async function seen(colors: "rgb" | "caffe", [red, green, blue]: readonly [number, number, number]) {
  const size = { height: 1, width: 1 };
  const kind = imagenetPhotographs(colors);
  const geometry = input("geometry", [1, 12], { layout: "plain" });
  const outputs = { batch: kind.sample(kind.input(1, size), geometry, size) };
  using program = await Program.compile(await testGpu(), { outputs });
  program.write("pixels", Uint8Array.of(red, green, blue, 255));
  program.write("geometry", Float32Array.from(sampleGeometryValues(wholeImage(1, 1))));
  program.run();
  return [...await program.read("batch")];
}

Deno.test("photographs are normalised by ImageNet's mean and deviation, red first, or by Caffe's mean, blue first", async () => {
  const rgb = await seen("rgb", [255, 0, 51]);
  const expected = [(1 - 0.485) / 0.229, -0.456 / 0.224, (0.2 - 0.406) / 0.225];
  assertEquals(rgb.length, 3);
  for (const [channel, value] of expected.entries()) assertAlmostEquals(rgb[channel] ?? NaN, value, 1e-5);
  const caffe = await seen("caffe", [255, 0, 51]);
  const means = [51 - 104.00698793, 0 - 116.66876762, 255 - 122.67891434];
  for (const [channel, value] of means.entries()) assertAlmostEquals(caffe[channel] ?? NaN, value, 1e-4);
});
