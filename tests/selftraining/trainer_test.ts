import { assert, assertEquals, assertRejects } from "@std/assert";
import { townClasses } from "../../src/town/town.ts";
import type { Gpu } from "../../src/gpu/gpu.ts";
import { Program } from "../../src/graph/program.ts";
import { convBatchNorm, convBias } from "../../src/nn/layers.ts";
import { rgbBytes } from "../../src/nn/image_kind.ts";
import type { Model } from "../../src/nn/model.ts";
import { deeplabNano } from "../../src/nn/models/deeplab_nano.ts";
import { Network } from "../../src/nn/network.ts";
import { wholeImage } from "../../src/ops/data/geometry.ts";
import { sgd } from "../../src/optim/optimizer.ts";
import { Random } from "../../src/random.ts";
import { Trainer } from "../../src/selftraining/trainer.ts";
import { encodeSamples, type TrainingSample, trainingStep } from "../../src/selftraining/training_step.ts";
import { testGpu } from "../ops/harness.ts";

/** Two layers with a ReLU between them, which hides what is not a number. */
const tiny: Model = {
  name: "tiny",
  description: "two layers",
  takes: rgbBytes({ scale: [1 / 64, 1 / 64, 1 / 64], shift: [-2, -2, -2] }),
  sizeMultiple: 1,
  alignCorners: false,
  logits(images, scope, { classes, inference }) {
    const shared = { kernel: 1, epsilon: 1e-3, inference, activation: "relu" } as const;
    const features = convBatchNorm(images, scope, "conv1", { ...shared, channels: 4 });
    return convBias(features, scope, "head.conv", { channels: classes, kernel: 1, deviation: 0.1, group: "head" });
  },
};

const size = { height: 32, width: 64 };
const options = { batch: 2, crop: { height: 32, width: 32 }, size };

function openNetwork(gpu: Gpu, model: Model): Network {
  const network = new Network(gpu, model, { classes: townClasses.map(({ name }) => name) });
  network.store.initialize(3);
  return network;
}

function samples(step: number): TrainingSample[] {
  const random = new Random(5, "samples");
  const pixels = size.height * size.width;
  return [false, true].map((mirror, index) => ({
    image: {
      ...size,
      pixels: Uint8Array.from({ length: 4 * pixels }, (_, byte) => random.integer(256, byte, index, step)),
    },
    labels: Uint8Array.from(
      { length: pixels },
      (_, pixel) => [0, 1, 13, 255][random.integer(4, pixel, index, step, 1)] ?? 0,
    ),
    plan: { ...wholeImage(40, 50), top: 3, left: 1, mirror, contrast: 1.25, minedClass: null },
  }));
}

async function openTrainer(gpu: Gpu, network: Network) {
  const optimizer = await sgd(gpu, network.store);
  return { optimizer, trainer: await Trainer.open(gpu, network, optimizer, options) };
}

Deno.test("a training step gives the same bytes with and without reuse of slots", async () => {
  const gpu = await testGpu();
  const results: Uint8Array[][] = [];
  for (const withoutReuse of [false, true]) {
    const network = openNetwork(gpu, deeplabNano);
    const optimizer = await sgd(gpu, network.store);
    const { definition } = trainingStep(network, options);
    const program = await Program.compile(gpu, { ...definition, epilogue: optimizer.dispatches, withoutReuse });
    // From the second step on, slots are full of other tensors' values.
    for (let step = 0; step < 3; step++) {
      const batch = samples(step);
      for (const [name, bytes] of encodeSamples(network, batch, options)) {
        if (program.hasInput(name)) program.write(name, bytes);
      }
      optimizer.prepare({ backbone: 0.01, head: 0.1 });
      program.run();
    }
    const parts = [...network.store.runs().flatMap(({ values, gradients }) => [values, gradients]), ...optimizer.state];
    results.push([...await gpu.read(...parts), await program.readBytes("loss")]);
    for (const owned of [program, optimizer, network]) owned.dispose();
  }
  const [shared, separate] = results;
  assert(shared?.every((bytes) => bytes.some((byte) => byte !== 0)), "a part is all zeros");
  assertEquals(shared, separate);
});

Deno.test("training stops, by the step's name, where an update makes weights infinite", async () => {
  const gpu = await testGpu();
  const network = openNetwork(gpu, tiny);
  const tensors = await network.store.save();
  // Large features make large gradients, which are finite, as is the loss: only the update is not.
  tensors.get("conv1.bn.gamma")?.values.fill(1000);
  network.store.load(tensors, "the test");
  const { optimizer, trainer } = await openTrainer(gpu, network);
  await trainer.step(7, samples(7), { backbone: 3e38, head: 3e38 });
  const { message } = await assertRejects(() => trainer.losses(), Error, "Training stopped at step 7");
  assert(/the loss is \d/.test(message), message);
  for (const bytes of await gpu.read(...network.store.gradientSegments)) {
    assert(new Float32Array(bytes.buffer).every(Number.isFinite), "a gradient is not finite");
  }
  for (const owned of [trainer, optimizer, network]) owned.dispose();
});

Deno.test("training stops at weights that are not a number, though ReLU hides them from the loss", async () => {
  const gpu = await testGpu();
  const network = openNetwork(gpu, tiny);
  const { buffer, offset, size } = network.store.valueRange("conv1.weight");
  gpu.write(buffer, new Float32Array(size / 4).fill(NaN), offset);
  network.store.markChanged();
  const { optimizer, trainer } = await openTrainer(gpu, network);
  await trainer.step(7, samples(7), { backbone: 0.01, head: 0.01 });
  const { message } = await assertRejects(() => trainer.losses(), Error, "Training stopped at step 7");
  // What this test is about: the loss alone looks fine.
  assert(/the loss is \d/.test(message), message);
  for (const owned of [trainer, optimizer, network]) owned.dispose();
});
