/**
 * What `bench kernels` times: layers and cases, each in its directions, and how one asks for some of them by name.
 *
 * @module
 */

import { UsageError } from "../src/errors.ts";
import { input, type Tensor } from "../src/graph/tensor.ts";
import { gradients } from "../src/ops/gradients.ts";
import { computedOps } from "../src/selftest/case.ts";
import { kernelCases } from "./cases.ts";
import { type Direction, directionsOf, type SingleLayer, singleLayers } from "./layer_data.ts";
import { layerGraph } from "./layers.ts";

/** A kernel at a shape. */
export interface KernelCase {
  readonly name: string;
  /** Shapes of the inputs, in order, with their layouts. */
  readonly inputs: readonly Tensor[];
  readonly build: (...inputs: Tensor[]) => Tensor;
  /** Names of the inputs to differentiate, in the order of `inputs`; empty where there is no gradient. */
  readonly directions: readonly string[];
}

/** What one line is about. */
export interface Question {
  /** Name of the row: a layer, or an op and its shape. */
  readonly kernel: string;
  /** `forward`, the input whose gradient is computed, or `forward+backward`: the result and all gradients. */
  readonly direction: string;
  /** What is computed, by name. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Where other engines can be asked for the same. */
  readonly layer?: { readonly layer: SingleLayer; readonly direction: Direction };
}

/** Every question, layers first. */
export function kernelQuestions(): Question[] {
  return [...layerQuestions(), ...caseQuestions()];
}

/**
 * The questions about one kernel.
 *
 * @param name an op, such as `conv2dInputGrad`: all that compute it; or a row: that in all directions.
 * @throws {UsageError} listing the ops and the rows, if there is none of this name.
 */
export function questionsAbout(name: string): Question[] {
  const all = kernelQuestions();
  const found = all.filter((question) => question.kernel === name || opsOfQuestion(question).has(name));
  if (found.length > 0) return found;
  const ops = new Set(all.flatMap((question) => [...opsOfQuestion(question)]));
  const rows = new Set(all.map(({ kernel }) => kernel));
  const lines = ["Ops:", ...[...ops].sort(), "Rows:", ...rows].map((line) =>
    line.endsWith(":") ? `  ${line}` : `    ${line}`
  );
  throw new UsageError(`There is no kernel "${name}".\n${lines.join("\n")}`);
}

/** Names of the ops that a question computes. */
export function opsOfQuestion({ outputs }: Question): Set<string> {
  return computedOps(Object.values(outputs));
}

function* layerQuestions(): Generator<Question> {
  for (const layer of singleLayers) {
    for (const direction of directionsOf(layer)) {
      yield { kernel: layer.name, direction, outputs: layerGraph(layer, direction), layer: { layer, direction } };
    }
  }
}

function* caseQuestions(): Generator<Question> {
  for (const { name, build, inputs, directions } of kernelCases()) {
    const output = build(...inputs);
    const outputGradient = input("output gradient", output.shape, { layout: output.layout });
    yield { kernel: name, direction: "forward", outputs: { result: output } };
    for (const [index, direction] of directions.entries()) {
      const of = inputs[index];
      if (of === undefined) continue;
      const [gradient] = gradients(output, [of], outputGradient);
      if (gradient !== undefined) yield { kernel: name, direction, outputs: { result: gradient } };
    }
  }
}
