import { assert, assertAlmostEquals, assertRejects } from "@std/assert";
import { readNpy } from "../../src/formats/npy.ts";
import { gradients } from "../../src/ops/gradients.ts";
import {
  crossEntropy,
  crossEntropyWith,
  type ObjectiveContext,
  type Regularizer,
} from "../../src/selftraining/objective.ts";
import type { TrainingSample } from "../../src/selftraining/training_step.ts";
import { runGraph } from "../ops/harness.ts";
import { testWithShared } from "../shared.ts";
import { lossOf, pair, pixels, sampleOf, withTrainer } from "./odd_network.ts";

const context: ObjectiveContext = {
  classes: 5,
  alignCorners: false,
  constant() {
    throw new Error("There are no class weights");
  },
};

testWithShared("crossEntropyWith() gives the losses and gradients of vectors/reg", ["vectors/reg"], async (folder) => {
  const read = (name: string) => {
    const path = `${folder}/${name}.npy`;
    return Float32Array.from(readNpy(Deno.readFileSync(path), path).data as ArrayLike<number>);
  };
  const { loss: losses } = JSON.parse(Deno.readTextFileSync(`${folder}/losses.json`));
  for (const regularizer of ["mrkld", "mrent", "mrl2", "mrkld-released"] satisfies Regularizer[]) {
    const name = regularizer.replace("-", "_");
    const { loss = new Float32Array(), gradient = new Float32Array() } = await runGraph({
      logits: { shape: [3, 5, 7, 9], values: read("logits") },
      labels: { shape: [3, 7, 9], layout: "plain", dtype: "u8", values: read("labels") },
      regularized: { shape: [3], layout: "plain", values: Float32Array.of(0, 1, 1) },
    }, ({ logits, labels, regularized }) => {
      const loss = crossEntropyWith({ regularizer, weight: 0.1 })(logits, { labels, regularized }, context);
      const [gradient = loss] = gradients(loss, [logits]);
      return { loss, gradient };
    });
    const error = Math.abs((loss[0] ?? NaN) / losses[name] - 1);
    assert(error <= 1e-6, `${name}: relative error of the loss ${error}`);
    read(`grad_${name}`).forEach((value, index) => assertAlmostEquals(gradient[index] ?? NaN, value, 1e-7, name));
  }
});

Deno.test("a step regularises the labelled pixels of the images that are to be regularised", async () => {
  const [first = sampleOf(1), second = sampleOf(2)] = pair;
  const loss = (samples: readonly TrainingSample[], regularizer?: Regularizer) =>
    withTrainer((opened) => lossOf(opened, samples), {
      objective: regularizer === undefined ? crossEntropy() : crossEntropyWith({ regularizer, weight: 2 }),
    });
  const none = (sample: TrainingSample) => ({ ...sample, regularized: 0 });
  const blank = (sample: TrainingSample) => ({ ...sample, labels: new Uint8Array(pixels).fill(255) });
  const plain = await loss(pair);
  assertAlmostEquals(await loss(pair.map(none), "mrl2"), plain, 1e-6);
  const [both, one, unlabelled] = [
    await loss(pair, "mrl2") - plain,
    await loss([none(first), second], "mrl2") - plain,
    await loss([first, blank(second)], "mrl2") - await loss([first, blank(second)]),
  ];
  // Σ p² of three classes lies between 1/3 and 1.
  for (const added of [both, one, unlabelled]) assert(added > 2 / 3 && added < 2, `${added}`);
  // The mean over both images is that of the two means, weighed by their labelled pixels, which are as many.
  assertAlmostEquals(both, (one + unlabelled) / 2, 1e-5);
});

Deno.test("a regulariser whose weight is not finite is refused", async () => {
  const objective = crossEntropyWith({ regularizer: "mrent", weight: NaN });
  await assertRejects(() => withTrainer(() => Promise.resolve(), { objective }), RangeError, "must be finite");
});
