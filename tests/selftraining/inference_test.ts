import { assert, assertEquals } from "@std/assert";
import { Network } from "../../src/nn/network.ts";
import { InferencePrograms, type SampleBatch } from "../../src/selftraining/inference.ts";
import { testGpu } from "../ops/harness.ts";
import { oneConvolution } from "./one_convolution.ts";

function blackImage(height: number, width: number): SampleBatch {
  const size = { height, width };
  const image = { ...size, pixels: new Uint8Array(height * width * 4) };
  return {
    samples: [{ name: "black", image, labels: null, labelSize: size, originalSize: size }],
    size,
    labelSize: size,
  };
}

Deno.test("the programs of four image sizes are kept; that of the size used longest ago makes room, and comes back", async () => {
  const gpu = await testGpu();
  const before = gpu.allocatedBytes;
  const network = new Network(gpu, oneConvolution(false), { classes: ["a", "b"] });
  network.store.initialize(1);
  const programs = new InferencePrograms(gpu, network, 2);
  const sizes = [8, 12, 16, 20].map((height) => blackImage(height, 16));
  const first = await Promise.all(sizes.map((group) => programs.run(group)));
  // The first size is used again, so the second is the one used longest ago.
  const again = sizes[0];
  assert(again !== undefined);
  assertEquals(await programs.run(again), first[0]);
  const four = gpu.allocatedBytes;
  // As many pixels as the second has, whose memory it takes.
  const fifth = await programs.run(blackImage(24, 8));
  assertEquals((await fifth.read("logits")).length, 2 * 2 * 6 * 2);
  assertEquals(gpu.allocatedBytes, four);
  const [, second, third, fourth] = sizes;
  assert(second !== undefined && third !== undefined && fourth !== undefined);
  assertEquals([await programs.run(again), await programs.run(third), await programs.run(fourth)], [
    first[0],
    first[2],
    first[3],
  ]);
  const anew = await programs.run(second);
  assert(anew !== first[1]);
  assertEquals((await anew.read("logits")).length, 2 * 2 * 3 * 4);
  await programs.dispose();
  network.dispose();
  assertEquals(gpu.allocatedBytes, before);
});

Deno.test("the views of one image are kept together, however many", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, oneConvolution(false), { classes: ["a", "b"] });
  const programs = new InferencePrograms(gpu, network, 1);
  const group = blackImage(16, 16);
  const views = [4, 8, 12, 16, 20, 24].map((side) => ({ size: { height: side, width: side }, mirror: false }));
  const first = await Promise.all(views.map((view) => programs.run(group, view)));
  assertEquals(await Promise.all(views.map((view) => programs.run(group, view))), first);
  await programs.dispose();
  network.dispose();
});
