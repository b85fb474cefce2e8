import { assert, assertEquals } from "@std/assert";
import type { Size } from "../../src/data/size.ts";
import type { Model } from "../../src/nn/model.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import { Network } from "../../src/nn/network.ts";
import { Random } from "../../src/random.ts";
import { classProbabilities } from "../../src/selftraining/class_probabilities.ts";
import type { SampleBatch } from "../../src/selftraining/inference.ts";
import { Predictor } from "../../src/selftraining/prediction.ts";
import { plainView, type ViewOptions } from "../../src/selftraining/views.ts";
import { testGpu } from "../ops/harness.ts";

const model = findModel("fcn8s-vgg16", { width: 0.02, skipScale: false });
const { scoreMap: _none, ...withoutMap } = model;
const classes = ["a", "b", "c", "d", "e"];

/** A batch of images of these sizes, which are padded to `size`. */
function batchOf(images: readonly Size[], size: Size, labelSizes: readonly Size[]): SampleBatch {
  const random = new Random(3, "pixels");
  const samples = images.map(({ height, width }, index) => ({
    name: `image ${index}`,
    image: {
      ...{ height, width },
      pixels: Uint8Array.from(
        { length: height * width * 4 },
        (_, i) => i % 4 === 3 ? 255 : random.integer(256, index, i),
      ),
    },
    labels: null,
    labelSize: labelSizes[index] ?? size,
    originalSize: { height, width },
  }));
  const areMixed = images.some(({ height, width }) => height !== size.height || width !== size.width);
  return { samples, size, labelSize: labelSizes[0] ?? size, ...(areMixed ? { labelSizes } : {}) };
}

/** The probabilities that a network's labels follow from, and its logits. */
async function predicted(of: Model, group: SampleBatch, views: ViewOptions) {
  const gpu = await testGpu();
  const network = new Network(gpu, of, { classes }, { trainable: false });
  network.store.initialize(1);
  // The scores of a new network are all 0.
  const random = new Random(5, "scores");
  const tensors = network.store.declarations.filter(({ name }) => name.startsWith("score")).map(
    ({ name, shape }, index) => {
      const count = shape.reduce((product, side) => product * side, 1);
      const values = Float32Array.from({ length: count }, (_, i) => 0.03 * (random.uniform(index, i) - 0.5));
      return [name, { shape, values }] as const;
    },
  );
  network.store.load(new Map(tensors), "scores", { mayMiss: () => true });
  await using predictor = new Predictor(gpu, network, group.samples.length, views);
  const probabilities: number[] = [];
  const { logits } = await predictor.run(group, {
    withLogits: true,
    async withScores(batch, scores) {
      for (const part of batch.parts ?? [batch]) {
        for await (const { values } of classProbabilities(gpu, part, scores)) probabilities.push(...values);
      }
    },
  });
  const result = { probabilities, shape: logits?.shape, covered: logits?.covered };
  network.dispose();
  return result;
}

const size = { height: 37, width: 53 };
const cases: Readonly<Record<string, { group: SampleBatch; views: ViewOptions }>> = {
  "mirrored views too": {
    group: batchOf([size], size, [size]),
    views: { scales: [1], flip: true, average: "probabilities" },
  },
  "padded images": {
    group: batchOf([{ height: 37, width: 41 }, { height: 29, width: 53 }], size, [
      { height: 37, width: 41 },
      { height: 29, width: 53 },
    ]),
    views: plainView,
  },
};

for (const [name, { group, views }] of Object.entries(cases)) {
  Deno.test(`labels from a score map are those from its logits: ${name}`, async () => {
    const whole = await predicted(withoutMap, group, views);
    const small = await predicted(model, group, views);
    assertEquals(small.probabilities.length, whole.probabilities.length);
    const worst = small.probabilities.reduce(
      (most, value, index) => Math.max(most, Math.abs(value - (whole.probabilities[index] ?? 0))),
      0,
    );
    assert(worst < 2e-5, `probabilities differ by ${worst}`);
    const ofOne = small.probabilities.slice(0, size.width);
    const spread = Math.max(...ofOne) - Math.min(...ofOne);
    assert(spread > 0.03, `the probabilities of a row differ by ${spread} only`);
    // Whoever asks for logits gets those of the image's size.
    assertEquals([small.shape, small.covered], [whole.shape, whole.covered]);
  });
}
