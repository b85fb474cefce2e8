import { assert, assertAlmostEquals, assertThrows } from "@std/assert";
import { readNpy } from "../../src/formats/npy.ts";
import { input, type Tensor } from "../../src/graph/tensor.ts";
import { gradients } from "../../src/ops/gradients.ts";
import { lovaszSoftmax } from "../../src/ops/loss/lovasz_softmax.ts";
import {
  atLogits,
  crossEntropyWith,
  diceLoss,
  lovaszLoss,
  type Objective,
  type ObjectiveContext,
  sum,
  weighted,
} from "../../src/selftraining/objective.ts";
import { resolveSettings } from "../../src/settings/settings.ts";
import { objectiveWith } from "../../src/settings/method.ts";
import { randomValues, runGraph, type TestInput } from "../ops/harness.ts";
import { testWithShared } from "../shared.ts";
import { lossOf, pair, withTrainer } from "./odd_network.ts";

const context: ObjectiveContext = {
  classes: 5,
  alignCorners: false,
  constant() {
    throw new Error("There are no class weights");
  },
};

const cases = ["small", "twenty", "missing", "one_class", "one_pixel", "all_ignored", "ties", "saturated"];
/** Their gradients depend on the order of equal errors. */
const open = ["ties", "saturated"];

for (const name of cases) {
  testWithShared(
    `the losses of range images equal the vectors of ${name}`,
    ["vectors/lidar/lovasz"],
    async (folder) => {
      const index = JSON.parse(Deno.readTextFileSync(`${folder}/index.json`))[name];
      const read = (what: string) => {
        const path = `${folder}/${name}_${what}.npy`;
        return Float64Array.from(readNpy(Deno.readFileSync(path), path).data as ArrayLike<number>);
      };
      const [batch = 1, , height = 1, width = 1] = index.shape;
      const inputs: Record<"logits" | "labels", TestInput> = {
        logits: { shape: index.shape, values: Float32Array.from(read("logits")) },
        // The vectors ignore 0, which is the id of a class.
        labels: {
          shape: [batch, height, width],
          layout: "plain",
          dtype: "u8",
          values: read("labels").map((label) => label === 0 ? 255 : label),
        },
      };
      const lasermix = sum(crossEntropyWith({ averageOver: "all" }), diceLoss(), weighted(lovaszLoss(), 3));
      const results = await runGraph(inputs, ({ logits, labels }) => ({
        ...withGradient("lovasz", lovaszSoftmax(logits, labels), logits),
        ...withGradient("lasermix", lasermix(logits, { labels }, context), logits),
      }));
      for (const loss of ["lovasz", "lasermix"]) {
        const value = results[loss]?.[0] ?? NaN;
        assertAlmostEquals(value, index[loss], 1e-6 * Math.max(1, index[loss]), loss);
        if (open.includes(name)) continue;
        const expected = read(`${loss}_grad`);
        const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const found = results[`d ${loss}`] ?? [];
        const worst = expected.reduce((most, value, at) => Math.max(most, Math.abs(value - (found[at] ?? NaN))), 0);
        assert(worst <= 1e-3 * largest, `${loss}: a gradient is off by ${worst}, the largest is ${largest}`);
      }
    },
  );
}

Deno.test("the options choose the terms of the objective, and what the cross-entropy is divided by", async () => {
  const inputs: Record<"logits" | "labels", TestInput> = {
    logits: { shape: [1, 5, 4, 6], values: randomValues(120, "logits") },
    labels: {
      shape: [1, 4, 6],
      layout: "plain",
      dtype: "u8",
      values: Array.from({ length: 24 }, (_, at) => at % 4 === 3 ? 255 : at % 5),
    },
  };
  const loss = async (recipe: Record<string, string | number>) => {
    const objective = objectiveWith(resolveSettings("adapt", {}, recipe));
    const { y } = await runGraph(inputs, ({ logits, labels }) => ({ y: objective(logits, { labels }, context) }));
    return y?.[0] ?? NaN;
  };
  const plain = await loss({});
  assertAlmostEquals(await loss({ "average-over": "all" }), 0.75 * plain, 1e-6);
  const [dice, lovasz] = [await loss({ dice: 1 }) - plain, await loss({ lovasz: 1 }) - plain];
  assert(dice > 0.1 && lovasz > 0.1, `${dice}, ${lovasz}`);
  const all = await loss({ dice: 2, lovasz: 3, "average-over": "all" });
  assertAlmostEquals(all, 0.75 * plain + 2 * dice + 3 * lovasz, 1e-5);
});

Deno.test("losses of overlap say which labels they cannot take, and take those at the logits", async () => {
  const logits = input("logits", [1, 5, 4, 6]);
  const labels = input("labels", [1, 8, 12], { layout: "plain", dtype: "u8" });
  for (const objective of [diceLoss(), lovaszLoss()]) {
    assertThrows(() => objective(logits, { labels }, context), Error, "at 4×6 logits with labels of 8×12 pixels");
    const soft = input("labels", [1, 5, 4, 6]);
    assertThrows(() => objective(logits, { labels: soft }, context), Error, "of soft labels");
    const pixelWeights = input("weights", [1, 4, 6], { layout: "plain" });
    const same = input("labels", [1, 4, 6], { layout: "plain", dtype: "u8" });
    assertThrows(() => objective(logits, { labels: same, pixelWeights }, context), Error, "of weighted pixels");
    const loss = (objective: Objective) => withTrainer((opened) => lossOf(opened, pair), { objective });
    const found = await loss(atLogits(objective));
    assert(found > 0 && found < 1, `${found}`);
  }
});

function withGradient(name: string, loss: Tensor, logits: Tensor): Record<string, Tensor> {
  const [gradient = loss] = gradients(loss, [logits]);
  return { [name]: loss, [`d ${name}`]: gradient };
}
