import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { Network } from "../../src/nn/network.ts";
import { wholeImage } from "../../src/ops/data/geometry.ts";
import { adamW, type Optimizer, sgd } from "../../src/optim/optimizer.ts";
import { Random } from "../../src/random.ts";
import { checkpointBytes, restoreCheckpoint } from "../../src/selftraining/checkpoint.ts";
import { Trainer } from "../../src/selftraining/trainer.ts";
import type { TrainingSample } from "../../src/selftraining/training_step.ts";
import { assertClose, testGpu } from "../ops/harness.ts";
import { oneConvolution } from "./one_convolution.ts";

const classes = ["a", "b", "c"];
const size = { height: 8, width: 12 };
const pixelCount = size.height * size.width;
const rates = { backbone: 0.1, head: 0.1 };
const optimizers = { sgd, adamW };

/** An image whose first `ignored` pixels have no label. */
function sample(seed: number, ignored = 0): TrainingSample {
  const random = new Random(seed, "sample");
  return {
    image: {
      ...size,
      pixels: Uint8Array.from({ length: pixelCount * 4 }, (_, index) => random.integer(256, 0, index)),
    },
    labels: Uint8Array.from({ length: pixelCount }, (_, index) => index < ignored ? 255 : random.integer(3, 1, index)),
    plan: { ...wholeImage(size.height, size.width), minedClass: null },
  };
}

/** Micro-batches of two; the last two hold fewer labels. */
const batches = [[sample(0), sample(1)], [sample(2, 50), sample(3, 90)], [sample(4, 70), sample(5)]] as const;

interface Training {
  readonly network: Network;
  readonly optimizer: Optimizer;
  readonly trainer: Trainer;
  readonly [Symbol.dispose]: () => void;
}

async function open(accumulate: number, kind: keyof typeof optimizers = "sgd"): Promise<Training> {
  const gpu = await testGpu();
  const network = new Network(gpu, oneConvolution(false), { classes });
  network.store.initialize(7);
  const optimizer = await optimizers[kind](gpu, network.store);
  const trainer = await Trainer.open(gpu, network, optimizer, { batch: 2, accumulate, crop: size, size });
  const dispose = () => [trainer, optimizer, network].forEach((owned) => owned.dispose());
  return { network, optimizer, trainer, [Symbol.dispose]: dispose };
}

async function valuesOf(training: Training): Promise<Float32Array> {
  return (await training.network.store.save()).get("weight")?.values ?? new Float32Array(0);
}

async function gradientsOf(training: Training): Promise<Float32Array> {
  return (await training.network.store.saveGradients()).get("weight")?.values ?? new Float32Array(0);
}

Deno.test("two micro-batches of the same content are one step on it, to the bit", async () => {
  using single = await open(1);
  using double = await open(2);
  const first = await valuesOf(single);
  for (const step of [0, 1]) {
    await single.trainer.step(step, batches[0], rates);
    await double.trainer.step(step, [...batches[0], ...batches[0]], rates);
  }
  assertEquals(await double.trainer.losses(), await single.trainer.losses());
  assertEquals(await valuesOf(double), await valuesOf(single));
  assert((await valuesOf(single)).join() !== first.join(), "nothing was learned");
});

Deno.test("a step's gradient and loss are the means over its micro-batches, however many labels each has", async () => {
  using single = await open(1);
  const losses: number[] = [];
  const separate: Float32Array[] = [];
  for (const batch of batches) {
    single.network.store.initialize(7);
    await single.trainer.step(0, batch, rates);
    const [{ loss } = { loss: NaN }] = await single.trainer.losses();
    losses.push(loss);
    separate.push(await gradientsOf(single));
  }
  using triple = await open(3);
  await triple.trainer.step(5, batches.flat(), rates);
  const [result] = await triple.trainer.losses();
  assertEquals(result?.step, 5);
  assertAlmostEquals(result?.loss ?? NaN, losses.reduce((sum, loss) => sum + loss, 0) / 3, 1e-6);
  const mean = (separate[0] ?? new Float32Array(0)).map((_, index) =>
    separate.reduce((sum, gradient) => sum + (gradient[index] ?? NaN), 0) / 3
  );
  assertClose(await gradientsOf(triple), mean, 1e-6, "gradient");
  assert(Math.max(...mean.map(Math.abs)) > 1e-2, "the gradient is as good as 0");
  await assertRejects(
    () => triple.trainer.step(6, batches[0], rates),
    RangeError,
    "A step takes 6 samples, 2 were given",
  );
});

Deno.test("values that are not finite stop the training by the step's number", async () => {
  using training = await open(2);
  const { store } = training.network;
  const { buffer, offset, size } = store.valueRange("weight");
  (await testGpu()).write(buffer, new Float32Array(size / 4).fill(Infinity), offset);
  store.markChanged();
  await training.trainer.step(41, [...batches[0], ...batches[1]], rates);
  const message = await training.trainer.losses().then(() => "", (error) => String(error));
  assert(message.includes("Training stopped at step 41"), message);
});

/** Steps of two micro-batches each. */
async function train({ trainer }: Training, from: number, to: number): Promise<void> {
  for (let step = from; step < to; step++) {
    await trainer.step(step, [batches[step % 3], batches[(step + 1) % 3]].flatMap((batch) => batch ?? []), rates);
  }
}

for (const kind of ["sgd", "adamW"] as const) {
  Deno.test(`accumulated steps of ${kind} go on from a checkpoint to the same bytes`, async () => {
    const gpu = await testGpu();
    using whole = await open(2, kind);
    await train(whole, 0, 5);
    using before = await open(2, kind);
    await train(before, 0, 3);
    const place = { stage: "source", step: 3 };
    const bytes = await checkpointBytes(gpu, before.network, before.optimizer, place);
    using after = await open(2, kind);
    assertEquals(await restoreCheckpoint(bytes, "checkpoint", gpu, after.network, after.optimizer), place);
    await train(after, 3, 5);
    assertEquals(await valuesOf(after), await valuesOf(whole));
  });

  Deno.test(`a checkpoint of ${kind} that version 0.1.0 wrote is gone on with`, async () => {
    const gpu = await testGpu();
    const file = new URL(`./checkpoints/${kind}.safetensors`, import.meta.url);
    using after = await open(2, kind);
    const bytes = await Deno.readFile(file);
    const place = await restoreCheckpoint(bytes, "checkpoint", gpu, after.network, after.optimizer);
    assertEquals(place, { stage: "source", step: 3 });
    using whole = await open(2, kind);
    await train(whole, 0, 3);
    // Another adapter may round otherwise than the one that wrote it.
    assertClose(await valuesOf(after), await valuesOf(whole), 1e-5, "weights of the checkpoint");
    await train(after, 3, 5);
    await train(whole, 3, 5);
    assertClose(await valuesOf(after), await valuesOf(whole), 1e-5, "weights two steps later");
  });
}

Deno.test("a checkpoint that is damaged, or of another optimizer, is refused by name and changes nothing", async () => {
  const gpu = await testGpu();
  using training = await open(2, "sgd");
  const first = await valuesOf(training);
  await train(training, 0, 1);
  const place = { stage: "source", step: 1 };
  const bytes = await checkpointBytes(gpu, training.network, training.optimizer, place);
  for (const kind of ["sgd", "adamW"] as const) {
    using other = await open(2, kind);
    const given = Uint8Array.from(bytes);
    if (kind === "sgd") given[given.length - 1] = (given.at(-1) ?? 0) ^ 1;
    const reason = kind === "sgd" ? "does not match its digest" : "holds the state of another optimizer";
    const restored = restoreCheckpoint(given, "run/checkpoint", gpu, other.network, other.optimizer);
    await assertRejects(() => restored, Error, "Cannot resume from run/checkpoint: ");
    await assertRejects(() => restored, Error, reason);
    assertEquals(await valuesOf(other), first);
  }
});
