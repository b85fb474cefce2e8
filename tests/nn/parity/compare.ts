/**
 * A network against PyTorch's: logits, loss and the gradient of every parameter, as `make_fixtures.py` computed them.
 *
 * @module
 */

import { assert } from "@std/assert";
import * as v from "valibot";
import { readSafetensors } from "../../../src/formats/safetensors.ts";
import { validated } from "../../../src/formats/validation.ts";
import type { Gpu } from "../../../src/gpu/gpu.ts";
import { pack } from "../../../src/graph/layout.ts";
import { Program } from "../../../src/graph/program.ts";
import { type DeviceTraits, input, type Tensor } from "../../../src/graph/tensor.ts";
import { gradientDestinations } from "../../../src/nn/backward.ts";
import { findModel } from "../../../src/nn/models/mod.ts";
import { Network } from "../../../src/nn/network.ts";
import type { ParameterScope } from "../../../src/nn/parameters.ts";
import { readVariant } from "../../../src/nn/variant.ts";
import { interpolatedCrossEntropy } from "../../../src/ops/loss/interpolated_cross_entropy.ts";
import { formulaImages, formulaLabels, formulaParameters, sketch } from "../../../bench/formula.ts";

const factsSchema = v.strictObject({
  model: v.string(),
  variant: v.record(v.string(), v.unknown()),
  classes: v.number(),
  batch: v.number(),
  size: v.tuple([v.number(), v.number()]),
  seed: v.number(),
  factors: v.optional(v.record(v.string(), v.number()), {}),
  parameters: v.array(v.string()),
});

/** How far one tensor lies from PyTorch's. */
export interface Difference {
  readonly what: string;
  /** ‖ours − PyTorch's‖ / ‖PyTorch's‖. */
  readonly error: number;
}

/**
 * Compares the network of a fixture.
 *
 * @param bytes the fixture. Its gradients are sketches, or whole.
 * @param traits the kernels to take. Default: those for the adapter.
 * @returns the difference of the logits, the loss, every gradient and every running statistic that the fixture holds.
 */
export async function compareWithPytorch(
  gpu: Gpu,
  bytes: Uint8Array<ArrayBuffer>,
  source: string,
  traits?: DeviceTraits,
): Promise<Difference[]> {
  const { tensors, metadata } = readSafetensors(bytes, source);
  const facts = validated(factsSchema, metadata.case ?? "", source, "metadata of");
  const variant = readVariant(JSON.stringify(facts.variant), source);
  const model = findModel(facts.model, variant);
  const network = new Network(gpu, model, { classes: Array.from({ length: facts.classes }, (_, id) => `${id}`) });
  const { store } = network;
  store.load(formulaParameters(store.declarations, facts.parameters, facts.factors), "the formula");
  const [height, width] = facts.size;
  const images = input("images", [facts.batch, model.takes.channels, height, width]);
  const labels = input("labels", [facts.batch, height, width], { layout: "plain", dtype: "u8" });
  const updates = new Map<string, Tensor>();
  // Without `dropoutKey` nothing is dropped.
  const scope: ParameterScope = {
    parameter: (name, shape, options) => store.parameter(name, shape, options),
    update: (name, value) => updates.set(name, value),
  };
  const logits = model.logits(images, scope, { classes: facts.classes, inference: false });
  const loss = interpolatedCrossEntropy(logits, labels, { alignCorners: model.alignCorners });
  using program = await Program.compile(gpu, {
    outputs: { logits, loss, inference: network.logits(images, true), ...Object.fromEntries(updates) },
    destinations: gradientDestinations(loss, store),
    ...(traits === undefined ? {} : { traits }),
  });
  const pixels = facts.batch * height * width;
  program.write("images", pack(formulaImages(facts.seed, pixels * model.takes.channels), images.shape, "activation"));
  program.write("labels", formulaLabels(facts.seed, pixels, facts.classes));
  program.run();
  const found = new Map<string, Float32Array>([["logits", await program.read("logits")]]);
  found.set("loss", await program.read("loss"));
  found.set("evaluation logits", await program.read("inference"));
  for (const [name, { values }] of await store.saveGradients()) found.set(`d ${name}`, values);
  for (const name of updates.keys()) {
    found.set(`running ${name.replace(/\.bn\.running$/, "")}`, await program.read(name));
  }
  network.dispose();
  const expected = new Map([...tensors].map(([name, { values }]) => [name, values]));
  if (!expected.has("evaluation logits")) {
    expected.set("evaluation logits", expected.get("logits") ?? new Float32Array());
  }
  return differences(expected, found);
}

/**
 * How far tensors lie from those that are expected. Where these are sketches, so are those then.
 *
 * @throws {AssertionError} if their names are others.
 */
export function differences(
  expected: ReadonlyMap<string, Float32Array>,
  found: ReadonlyMap<string, Float32Array>,
): Difference[] {
  for (const name of found.keys()) assert(expected.has(name), `PyTorch has no ${name}`);
  const gradients = [...expected].filter(([name]) => name.startsWith("d ")).map(([, values]) => length(values));
  const largest = Math.max(0, ...gradients);
  return [...expected].map(([what, wanted]) => {
    const own = found.get(what);
    assert(own !== undefined, `There is no ${what}`);
    const actual = own.length === wanted.length ? own : sketch(own);
    assert(actual.length === wanted.length, `${what} has ${own.length} numbers`);
    const difference = wanted.map((value, index) => value - (actual[index] ?? NaN));
    const whole = length(wanted);
    // A bias before a batch norm has no gradient, in PyTorch either, but rounding. The largest one is the measure then.
    const isRounding = what.startsWith("d ") && whole < 1e-9 * largest;
    return { what, error: length(difference) / (isRounding ? 1e-2 * largest : whole) };
  });
}

function length(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += (values[index] ?? NaN) ** 2;
  return Math.sqrt(sum);
}

/** The largest difference; a tensor that is not a number counts as the largest. */
export function worst(differences: readonly Difference[]): Difference {
  const [first = { what: "nothing", error: NaN }] = differences;
  return differences.reduce((most, one) => one.error <= most.error ? most : one, first);
}
