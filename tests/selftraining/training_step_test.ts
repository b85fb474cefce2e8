import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import accumulate from "../../shaders/optim/accumulate_gradients.wgsl" with { type: "text" };
import { grid } from "../../src/gpu/launch.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { floatChannels, rgbBytes } from "../../src/nn/image_kind.ts";
import { dropoutLayer } from "../../src/nn/layers.ts";
import type { Model } from "../../src/nn/model.ts";
import { Network } from "../../src/nn/network.ts";
import { groupsWithBiases } from "../../src/nn/parameters.ts";
import { groupRates, sgd } from "../../src/optim/optimizer.ts";
import { type StepJoints, Trainer } from "../../src/selftraining/trainer.ts";
import { testGpu } from "../ops/harness.ts";
import {
  at,
  classes,
  odd,
  options,
  pair,
  pixels,
  rates,
  sampleOf,
  size,
  valuesOf,
  weightsAfter,
  withTrainer,
} from "./odd_network.ts";

Deno.test("groups that are not trained keep their values; the others move by their own rates", async () => {
  await withTrainer(async (opened) => {
    const before = await valuesOf(opened.network);
    const after = await weightsAfter(opened, [0]);
    assertEquals(after["stem.weight"], before["stem.weight"]);
    assert(after["end.weight"]?.join() !== before["end.weight"]?.join(), "the weight did not move");
    assert(after["end.bias"]?.join() !== before["end.bias"]?.join(), "the bias did not move");
    assertEquals(opened.network.store.groups.map(({ name }) => name), ["weights", "biases"]);
    await assertRejects(() => opened.trainer.step(1, pair, { weights: 0.1 }), RangeError, 'the group "biases"');
  });
});

Deno.test("a group's decay and rate are factors on the optimizer's", async () => {
  // Two networks that differ in the decay of one group only.
  const decaying: Model = {
    ...odd,
    groups: [{ name: "weights" }, { name: "biases" }, { name: "fixed", trained: false }],
  };
  const start = new Map([["end.bias", { shape: [3], values: Float32Array.of(10, 10, 10) }]]);
  const bias = async (model: Model) =>
    await withTrainer(
      async (opened) => {
        opened.network.store.load(start, "the test", { mayMiss: (name) => name !== "end.bias" });
        return (await weightsAfter(opened, [0]))["end.bias"]?.[0] ?? NaN;
      },
      {},
      model,
    );
  // Only the decay of 0.1 · 10 at a rate of 0.2 is between the two.
  assertAlmostEquals(await bias(odd) - await bias(decaying), 0.2 * 0.1 * 10, 1e-5);
  assertEquals(groupRates(odd.groups ?? [], 0.1, 10), { weights: 0.1, biases: 2, fixed: 0.1 });
  assertEquals(groupRates(groupsWithBiases, 1, 10, { backbone: 3, bias: 2 }), {
    ...{ backbone: 3, "backbone.bias": 6, head: 10, "head.bias": 20 },
  });
});

Deno.test("dropout takes its key from seed, stage, step and layer, and drops nothing in inference", async () => {
  const loss = (stage: string, step: number, seed = 3) =>
    withTrainer(async ({ trainer }) => {
      await trainer.step(step, pair, { weights: 0, biases: 0 }, { seed, stage });
      return (await trainer.losses())[0]?.loss;
    });
  const first = await loss("source", 0);
  assertEquals(await loss("source", 0), first);
  for (const other of [await loss("source", 1), await loss("round 1", 0), await loss("source", 0, 4)]) {
    assert(other !== first, "another place gave the same mask");
  }
  const twice: Model = {
    ...odd,
    logits: (images, scope, options) => odd.logits(dropoutLayer(images, scope, "drop", 0.1), scope, options),
  };
  await assertRejects(
    () => withTrainer(() => Promise.resolve(), {}, twice),
    RangeError,
    'Cannot train odd: two dropouts are called "drop"',
  );
  const gpu = await testGpu();
  const network = new Network(gpu, odd, { classes }, { trainable: false });
  const images = odd.takes.input(1, size);
  const ops: string[] = [];
  const visit = (tensor: Tensor) => {
    ops.push(tensor.op);
    tensor.inputs.forEach(visit);
  };
  visit(network.logits(images, true));
  assert(ops.includes("conv2d") && !ops.includes("dropout"), ops.join());
  network.dispose();
});

Deno.test("steps that go on later give the same bytes as steps in one go, dropout included", async () => {
  const whole = await withTrainer((opened) => weightsAfter(opened, [0, 1, 2]));
  const parts = await withTrainer(async (first, gpu) => {
    await weightsAfter(first, [0, 1]);
    const [weights, momentum] = [await first.network.store.save(), await gpu.read(...first.trainer.optimizer.state)];
    return await withTrainer(async (second) => {
      second.network.store.load(weights, "the test");
      for (const [index, buffer] of second.trainer.optimizer.state.entries()) {
        gpu.write(buffer, momentum[index] ?? new Uint8Array(0));
      }
      return await weightsAfter(second, [2]);
    });
  });
  assertEquals(parts, whole);
});

Deno.test("the exchange stands between gradients and optimizer", async () => {
  const plain = await withTrainer((opened) => weightsAfter(opened, [0, 1]));
  let exchanges = 0;
  // A sum over one machine changes nothing.
  const identity: StepJoints = { exchange: () => Promise.resolve(void exchanges++) };
  assertEquals(await withTrainer((opened) => weightsAfter(opened, [0, 1]), { joints: identity }), plain);
  assertEquals(exchanges, 2);
  // Gradients of zeros leave decay alone.
  const gpu = await testGpu();
  const erase: StepJoints = {
    exchange(segments) {
      for (const segment of segments) gpu.write(segment, new Uint8Array(segment.size));
      return Promise.resolve();
    },
  };
  const decayed = await withTrainer(async (opened) => {
    const before = await valuesOf(opened.network);
    const after = await weightsAfter(opened, [0]);
    return [before["end.weight"]?.map((value) => value * 0.99), after["end.weight"]] as const;
  }, { joints: erase });
  for (const [index, value] of (decayed[0] ?? []).entries()) {
    assertAlmostEquals(decayed[1]?.[index] ?? NaN, value, 1e-6);
  }
});

Deno.test("what follows a step is launched after the optimizer, and sees the new weights", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, odd, { classes });
  network.store.initialize(1);
  const optimizer = await sgd(gpu, network.store);
  const [run] = network.store.runs();
  assert(run !== undefined);
  // A mean over one network is its weights.
  const mean = gpu.createBuffer(run.values.size, "mean of the weights");
  const afterStep = [
    await gpu.dispatch(
      { name: "optim/accumulate_gradients", text: accumulate },
      { VECTORS: run.values.size / 16, SHARE: 1, FIRST: true },
      [run.values, mean],
      grid(run.values.size / 16, 64),
    ),
  ];
  for (const exchange of [undefined, () => Promise.resolve()]) {
    const joints = { afterStep, ...exchange && { exchange } };
    const trainer = await Trainer.open(gpu, network, optimizer, { ...options, joints });
    const [before] = await gpu.read(run.values);
    await trainer.step(0, pair, rates, at("source"));
    const [weights, copied] = await gpu.read(run.values, mean);
    assert(before?.join() !== weights?.join(), "the weights did not move");
    assertEquals(copied, weights);
    trainer.dispose();
  }
  gpu.destroyBuffer(mean);
  for (const owned of [optimizer, network]) owned.dispose();
});

Deno.test("what belongs to the head is said by its group, not by its name", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, {
    ...odd,
    groups: [{ name: "weights", head: true }, { name: "biases" }, { name: "fixed" }],
  }, { classes });
  network.store.initialize(1);
  const before = await network.store.save();
  const ones = new Map([...before].map(([name, { shape, values }]) => [name, { shape, values: values.map(() => 7) }]));
  ones.delete("end.weight");
  network.store.loadBackbone(ones, "the test");
  const after = await network.store.save();
  assertEquals(after.get("end.weight"), before.get("end.weight"));
  for (const name of ["end.bias", "stem.weight", "stem.bias"]) {
    assert(after.get(name)?.values.every((value) => value === 7), `${name} was not loaded`);
  }
  ones.delete("end.bias");
  assertThrows(() => network.store.loadBackbone(ones, "the test"), Error, 'tensor "end.bias" [3] is missing');
  network.dispose();
});

Deno.test("images of another kind are refused by name", async () => {
  const bytes = { ...size, pixels: new Uint8Array(4 * pixels) };
  await withTrainer(async ({ trainer }) => {
    const samples = [sampleOf(1), sampleOf(2, { name: "photo", image: bytes })];
    await assertRejects(
      () => trainer.step(0, samples, rates),
      Error,
      "Cannot use photo: the network takes 5 float channels",
    );
    // A refused step has not been taken.
    assertEquals([trainer.waiting, trainer.optimizer.step], [0, 0]);
  });
  const rgb: Model = { ...odd, takes: rgbBytes({ scale: [1, 1, 1], shift: [0, 0, 0] }) };
  await withTrainer(
    async ({ trainer }) => {
      await assertRejects(() => trainer.step(0, pair, rates), Error, "the network takes RGB bytes");
    },
    {},
    rgb,
  );
  assertThrows(() => floatChannels(3, { scale: [1], shift: [0] }), RangeError, "3 channels");
});

Deno.test("a network for inference allocates no gradients", async () => {
  const gpu = await testGpu();
  const bytes = (trainable: boolean) => {
    const before = gpu.allocatedBytes;
    const network = new Network(gpu, odd, { classes }, { trainable });
    const taken = gpu.allocatedBytes - before;
    network.dispose();
    return taken;
  };
  const network = new Network(gpu, odd, { classes });
  const gradients = network.store.gradientSegments.reduce((total, { size }) => total + size, 0);
  network.dispose();
  assert(gradients > 0);
  assertEquals(bytes(true) - bytes(false), gradients);
});
