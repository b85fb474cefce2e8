import { assert, assertEquals } from "@std/assert";
import * as v from "valibot";
import { formulaImages, formulaParameter, mixed } from "../../bench/formula.ts";
import { readNpy } from "../../src/formats/npy.ts";
import { pack } from "../../src/graph/layout.ts";
import { Program } from "../../src/graph/program.ts";
import { type DeviceTraits, input, type Tensor } from "../../src/graph/tensor.ts";
import type { ParameterValues } from "../../src/formats/safetensors.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import { Network } from "../../src/nn/network.ts";
import { gradients } from "../../src/ops/gradients.ts";
import { testGpu } from "../ops/harness.ts";
import { testWithShared } from "../shared.ts";
import { rangeLoss } from "./parity/range_loss.ts";
import { numbersOf, originals, traced } from "./traced.ts";

const countsSchema = v.record(v.string(), v.record(v.string(), v.number()));
const shapesSchema = v.record(v.string(), v.array(v.number()));
const caseSchema = v.object({
  cin: v.number(),
  classes: v.number(),
  shape: v.tuple([v.number(), v.number(), v.number()]),
  loss: v.number(),
  running: v.record(v.string(), v.tuple([v.number(), v.number()])),
  grad: v.record(v.string(), v.tuple([v.number(), v.number(), v.number()])),
});
/**
 * How far the sum, the length and the first number of a gradient may lie from those of double precision. In these
 * vectors values lie so near to the kinks of leaky ReLU that PyTorch's own gradients in float32 have lengths that are 3.5e-3
 * off, and single numbers more. `parity_test.ts` compares gradients number by number where no value lies near a kink.
 */
const allowedGradient = 1e-2;
const numbers = "vectors/lidar/fidnet_params.json";

Deno.test("fidnet has the published parameters with 6 channels and 20, 19, 17 and 16 classes", () => {
  for (const [classes, trained] of [[20, 6_054_484], [19, 6_054_355], [17, 6_054_097], [16, 6_053_968]] as const) {
    const { parameters } = traced("fidnet", { classes });
    assertEquals(numbersOf(parameters.filter(({ trainable }) => trainable)), trained);
    assertEquals(numbersOf(parameters.filter(({ trainable }) => !trainable)), 12_416);
  }
});

testWithShared("fidnet has as many parameters as the table says, whatever goes in and out", [numbers], async (file) => {
  const { state_8in20out: shapes, ...counts } = JSON.parse(await Deno.readTextFile(file));
  for (const [name, { trained = 0, running = 0 }] of Object.entries(v.parse(countsSchema, counts))) {
    const [, inputs, classes] = /^(\d)in(\d+)out$/.exec(name) ?? [];
    const { parameters } = traced("fidnet", { classes: Number(classes), variant: { inputs: Number(inputs) } });
    assertEquals(numbersOf(parameters.filter(({ trainable }) => trainable)), trained, name);
    assertEquals(numbersOf(parameters.filter(({ trainable }) => !trainable)), running, name);
  }
  const { model, parameters } = traced("fidnet", { classes: 20, variant: { inputs: 8 } });
  const separate = parameters.flatMap((parameter) => {
    if (!parameter.name.endsWith(".running")) return [parameter];
    const shape = parameter.shape.slice(1);
    return ["mean", "var"].map((part) => ({
      ...parameter,
      ...{ shape, name: parameter.name.replace("running", part) },
    }));
  });
  const own = originals(model.originalNames?.[0], separate, 20);
  const published = Object.entries(v.parse(shapesSchema, shapes)).filter(([, shape]) => shape.length > 0);
  assertEquals(Object.fromEntries([...own].toSorted()), Object.fromEntries(published.toSorted()));
});

Deno.test("fidnet gives logits at every size, and fidnet-nano is its narrow form", () => {
  for (const [height, width] of [[64, 512], [13, 37], [1, 9], [7, 8]] as const) {
    assertEquals(traced("fidnet", { size: [height, width] }).logits.shape, [1, 19, height, width]);
  }
  const { parameters } = traced("fidnet-nano");
  const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
  assertEquals(shapes.get("backend.conv4.weight"), [64, 32, 1, 1]);
  assertEquals(shapes.get("backend.layer4.0.conv2.weight"), [32, 32, 3, 3]);
  assertEquals(shapes.get("backend.layer1.1.conv1.weight"), undefined);
  assertEquals(shapes.get("semantic_head.conv_1.weight"), [64, 192, 1, 1]);
});

Deno.test("fidnet starts as published: the backbone normal by its outputs, the head evenly by its inputs", () => {
  const starts = new Map(traced("fidnet").parameters.map(({ name, initial }) => [name, initial]));
  const deviation = (outputs: number) => ({ deviation: Math.sqrt(2 / outputs) });
  const close = (name: string, wanted: Readonly<Record<string, number>>) => {
    const found: Readonly<Record<string, number>> = { ...starts.get(name) };
    for (const [key, value] of Object.entries(wanted)) {
      assert(Math.abs((found[key] ?? NaN) / value - 1) < 1e-12, `${name}: ${JSON.stringify(found)}`);
    }
  };
  close("backend.conv1.weight", deviation(64));
  close("backend.layer1.0.conv1.weight", deviation(9 * 128));
  close("backend.layer1.0.downsample.weight", deviation(128));
  close("backend.conv3.bias", { bound: 1 / Math.sqrt(128) });
  close("semantic_head.conv_1.weight", { bound: 1 / 32 });
  close("semantic_head.conv_2.weight", { bound: 1 / Math.sqrt(512) });
  close("semantic_head.semantic_output.weight", { bound: 1 / Math.sqrt(128) });
  close("semantic_head.semantic_output.bias", { bound: 1 / Math.sqrt(128) });
});

for (const name of ["kitti", "nusc", "odd"]) {
  const files = [numbers, "network/index.json", `network/${name}_eval.npy`, `network/${name}_train.npy`];
  const paths = files.map((file, index) => index === 0 ? file : `vectors/lidar/${file}`);
  testWithShared(`fidnet has PyTorch's logits, statistics and gradients: ${name}`, paths, async (...files) => {
    const [params = "", index = "", evaluation = "", training = ""] = files;
    const facts = v.parse(caseSchema, JSON.parse(await Deno.readTextFile(index))[name]);
    const order = Object.keys(JSON.parse(await Deno.readTextFile(params)).state_8in20out);
    // At 8×40 the last stage has five pixels, whose statistics enlarge the rounding of Winograd's method to 1.1e-4.
    const found = await run(facts, order, { software: true, direct: name === "nusc" });
    for (const [file, own] of [[evaluation, found.evaluation], [training, found.training]] as const) {
      const wanted = Array.from(readNpy(await Deno.readFile(file), file).data, Number);
      assertEquals(own.length, wanted.length);
      assertAlike(own, wanted, file);
    }
    assert(Math.abs(found.loss / facts.loss - 1) < 1e-5, `loss ${found.loss}, ${facts.loss}`);
    for (const [name, [sum, first]] of Object.entries(facts.running)) {
      const { values } = required(found.running, name);
      const total = values.reduce((sum, value) => sum + value, 0);
      const error = Math.max(Math.abs(total - sum) / values.length, Math.abs((values[0] ?? NaN) - first));
      assert(error <= 1e-5, `${name}: ${total} in all, ${values[0]} first; ${sum} and ${first} are wanted`);
    }
    assertEquals([...found.gradients.keys()].toSorted(), Object.keys(facts.grad).toSorted());
    const scale = Math.max(...Object.values(facts.grad).map(([, length]) => length));
    for (const [name, [sum, length, first]] of Object.entries(facts.grad)) {
      const { values } = required(found.gradients, name);
      let [ownSum, squares] = [0, 0];
      for (const value of values) [ownSum, squares] = [ownSum + value, squares + value * value];
      // A bias before a batch norm has no gradient but rounding: there the whole network's gradients are the measure.
      const measure = Math.max(length, 1e-3 * scale);
      const apart = [ownSum - sum, Math.sqrt(squares) - length, (values[0] ?? NaN) - first]
        .map((difference, index) => Math.abs(difference) / (measure * (index === 0 ? Math.sqrt(values.length) : 1)));
      assert(Math.max(...apart) <= allowedGradient, `d ${name}: ${apart}`);
    }
  });
}

/** The network of a case, with the vectors' weights: its logits, and what a step with their loss gives. */
async function run(
  { cin, classes, shape: [batch, height, width] }: v.InferOutput<typeof caseSchema>,
  order: string[],
  traits: DeviceTraits,
) {
  const gpu = await testGpu();
  const model = findModel("fidnet", { inputs: cin });
  const network = new Network(gpu, model, { classes: Array.from({ length: classes }, (_, id) => `${id}`) });
  const { store } = network;
  const original = (ours: string) => model.originalNames?.[0]?.original(ours, { shape: [], classes })?.name ?? ours;
  const halves = (name: string) => ["mean", "var"].map((part) => name.replace(/running$/, part));
  store.load(
    new Map(store.declarations.map(({ name, shape }): [string, ParameterValues] => {
      const value = (part: string, shape: readonly number[]) =>
        formulaParameter(part, shape, order.indexOf(original(part)));
      if (!name.endsWith(".running")) return [name, { shape, values: value(name, shape) }];
      const values = halves(name).flatMap((part) => [...value(part, shape.slice(1))]);
      return [name, { shape, values: Float32Array.from(values) }];
    })),
    "the formula",
  );
  const images = input("images", [batch, cin, height, width]);
  const { logits, updates } = network.trainingLogits(images);
  const atLogits = input("gradient", logits.shape);
  const learned = store.trainableTensors();
  const found = gradients(logits, learned.map(({ tensor }) => tensor), atLogits);
  using program = await Program.compile(gpu, {
    outputs: { logits, inference: network.logits(images, true), ...Object.fromEntries(updates) },
    destinations: new Map(found.map((tensor, index): [Tensor, (typeof learned)[number]["gradient"]] => {
      const place = learned[index]?.gradient;
      assert(place !== undefined);
      return [tensor, place];
    })),
    traits,
  });
  const pixels = batch * height * width;
  program.write("images", pack(formulaImages(0, pixels * cin), images.shape, "activation"));
  program.run();
  const training = await program.read("logits");
  const labels = Uint8Array.from({ length: pixels }, (_, pixel) => mixed(1001, pixel) % classes);
  const { loss, gradient } = rangeLoss(training, labels, { classes, plane: height * width, ignored: 0 });
  program.write("gradient", pack(Float32Array.from(gradient), logits.shape, "activation"));
  program.run();
  const running = new Map<string, ParameterValues>();
  for (const name of updates.keys()) {
    const values = await program.read(name);
    for (const [row, part] of halves(name).entries()) {
      const count = values.length / 2;
      running.set(original(part), { shape: [count], values: values.slice(row * count, (row + 1) * count) });
    }
  }
  const read = await store.saveGradients();
  const result = {
    ...{ loss, training, running, evaluation: await program.read("inference") },
    gradients: new Map([...read].map(([name, values]) => [original(name), values])),
  };
  network.dispose();
  return result;
}

function assertAlike(own: ArrayLike<number>, wanted: ArrayLike<number>, what: string): void {
  let [difference, whole] = [0, 0];
  for (let index = 0; index < wanted.length; index++) {
    difference += ((own[index] ?? NaN) - (wanted[index] ?? NaN)) ** 2;
    whole += (wanted[index] ?? NaN) ** 2;
  }
  const error = Math.sqrt(difference / whole);
  assert(error <= 1e-4, `${what}: relative error ${error}`);
}

function required(found: ReadonlyMap<string, ParameterValues>, name: string): ParameterValues {
  const values = found.get(name);
  assert(values !== undefined, `There is no ${name}`);
  return values;
}
