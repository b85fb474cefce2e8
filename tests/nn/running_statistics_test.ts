/**
 * Batch norm with the statistics of the batch: how the running statistics change step by step, and that inference uses
 * them.
 */

import { assert, assertEquals } from "@std/assert";
import { Program } from "../../src/graph/program.ts";
import { input } from "../../src/graph/tensor.ts";
import { deeplabNano } from "../../src/nn/models/deeplab_nano.ts";
import { Network } from "../../src/nn/network.ts";
import { sampleGeometryLength, sampleGeometryValues, wholeImage } from "../../src/ops/data/geometry.ts";
import { sgd } from "../../src/optim/optimizer.ts";
import { Random } from "../../src/random.ts";
import { Trainer } from "../../src/selftraining/trainer.ts";
import { testGpu } from "../ops/harness.ts";

const size = { height: 32, width: 32 };
const classes = ["a", "b", "c"];

Deno.test("running statistics take a tenth of the batch's in every step, and inference uses them", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, deeplabNano, { classes });
  network.store.initialize(3);
  const optimizer = await sgd(gpu, network.store);
  const trainer = await Trainer.open(gpu, network, optimizer, { batch: 2, crop: size, size });
  const samples = [noise(1), noise(2)];

  // At rate 0 the batch's statistics s stay, so the running ones are s·(1 − 0.9ⁿ) after n steps.
  const after: Float32Array[] = [];
  for (let step = 1; step <= 40; step++) {
    await trainer.step(step, samples, { backbone: 0, head: 0 });
    if (step % 20 === 0) await trainer.losses();
    if (step === 1 || step === 2 || step === 40) after.push(await running(network, "conv5"));
  }
  const [first = [], second = [], last = []] = after.map((values) => [...values]);
  assertEquals(first.length, 2 * 64);
  assert(last.every((value, index) => index < 64 || value > 0), "a variance is not positive");
  const worst = (found: readonly number[], steps: number) => {
    const share = (1 - 0.9 ** steps) / (1 - 0.9 ** 40);
    return Math.max(...found.map((value, index) => Math.abs(value - share * (last[index] ?? 0)))) / Math.max(...last);
  };
  assert(worst(first, 1) < 1e-5 && worst(second, 2) < 1e-5, `${worst(first, 1)}, ${worst(second, 2)}`);

  const geometry = input("geometry", [2, sampleGeometryLength], { layout: "plain" });
  const images = deeplabNano.takes.sample(deeplabNano.takes.input(2, size), geometry, size);
  const program = await Program.compile(gpu, {
    outputs: { training: network.logits(images, false), inference: network.logits(images, true) },
  });
  program.write("pixels", Uint8Array.from(samples.flatMap(({ image }) => [...image.pixels])));
  program.write("geometry", Float32Array.from(samples.flatMap(({ plan }) => sampleGeometryValues(plan))));
  program.run();
  const training = await program.read("training");
  const inference = await program.read("inference");
  // The running variance is the unbiased one, of 32 values per channel in the smallest map, and 1.5 % short of its end.
  const scale = Math.max(...training.map(Math.abs));
  const difference = Math.max(...training.map((value, index) => Math.abs(value - (inference[index] ?? 0)))) / scale;
  assert(difference < 0.05, `inference differs by ${difference} of the largest logit`);
  for (const owned of [program, trainer, optimizer, network]) owned.dispose();
});

async function running(network: Network, stage: string): Promise<Float32Array> {
  return (await network.store.save()).get(`${stage}.bn.running`)?.values ?? new Float32Array();
}

function noise(seed: number) {
  const random = new Random(seed, "noise");
  const count = size.height * size.width;
  return {
    image: {
      ...size,
      pixels: Uint8Array.from({ length: 4 * count }, (_, index) => Math.floor(256 * random.uniform(index))),
    },
    labels: Uint8Array.from({ length: count }, (_, index) => index % classes.length),
    plan: { ...wholeImage(size.height, size.width), minedClass: null },
  };
}
