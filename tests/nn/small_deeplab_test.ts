/**
 * A whole network against PyTorch: forward, loss, and the gradient of every parameter of a DeepLab of a few layers.
 *
 * The inputs were chosen so that no activation lies near a kink of ReLU6 (`src/selftest/fixtures/make.py`). Near a
 * kink, rounding alone would change gradients.
 */

import { assert, assertEquals } from "@std/assert";
import { gradients } from "../../src/ops/gradients.ts";
import { pack } from "../../src/graph/layout.ts";
import { Program } from "../../src/graph/program.ts";
import { input, type Tensor } from "../../src/graph/tensor.ts";
import { convBatchNorm, convBias } from "../../src/nn/layers.ts";
import { ParameterStore } from "../../src/nn/parameter_store.ts";
import { collectParameters, type ParameterScope } from "../../src/nn/parameters.ts";
import { add } from "../../src/ops/arithmetic/add.ts";
import { interpolatedCrossEntropy } from "../../src/ops/loss/interpolated_cross_entropy.ts";
import { readFixture } from "../../src/selftest/fixture.ts";
import { testGpu } from "../ops/harness.ts";

const { tensors } = await readFixture("small_deeplab");
const allowed = 1e-4;

for (const software of [true, false]) {
  const kernels = software ? "software adapters" : "GPUs";
  Deno.test(`a small DeepLab has PyTorch's logits, loss and gradients with the kernels for ${kernels}`, async () => {
    const gpu = await testGpu();
    const images = input("images", fixture("images").shape);
    const labels = input("labels", fixture("labels").shape, { layout: "plain", dtype: "u8" });
    using store = disposable(
      new ParameterStore(gpu, collectParameters((scope) => smallDeeplab(images, scope, false))),
    );
    store.load(tensors, "the fixture");
    const logits = smallDeeplab(images, store, false);
    const loss = interpolatedCrossEntropy(logits, labels);
    const learned = store.trainableTensors();
    const [imageGradient = images, ...found] = gradients(loss, [images, ...learned.map(({ tensor }) => tensor)]);
    using program = await Program.compile(gpu, {
      outputs: { logits, loss, "d images": imageGradient, inference: smallDeeplab(images, store, true) },
      destinations: new Map(found.map((tensor, index) => [tensor, gradientRange(learned, index)])),
      traits: { software },
    });
    program.write("images", pack(fixture("images").values, images.shape, "activation"));
    program.write("labels", Uint8Array.from(fixture("labels").values));
    program.run();

    for (const name of ["logits", "loss", "d images"]) assertNear(await program.read(name), name, name);
    assertNear(await program.read("inference"), "logits", "logits with batch norm folded in");
    const saved = await store.saveGradients();
    const stored = [...tensors.keys()].filter((name) => name.startsWith("d ") && name !== "d images");
    assertEquals([...saved.keys()].map((name) => `d ${name}`).sort(), stored.sort());
    for (const [name, { values }] of saved) assertNear(values, `d ${name}`, `gradient of ${name}`);
  });
}

function smallDeeplab(images: Tensor, scope: ParameterScope, inference: boolean): Tensor {
  const shared = { activation: "relu6", epsilon: 1e-3, inference } as const;
  let x = convBatchNorm(images, scope, "conv1", { ...shared, channels: 8, kernel: 3, stride: 2, padding: "same" });
  const depthwise = { ...shared, channels: 8, kernel: 3, depthwise: true };
  x = convBatchNorm(x, scope, "block.dw", { ...depthwise, dilation: 2, padding: "same" });
  x = convBatchNorm(x, scope, "block.pw", { ...shared, channels: 12, kernel: 1 });
  const head = { channels: 5, kernel: 3, deviation: 0.01, group: "head" } as const;
  return add(
    convBias(x, scope, "head.rate1", { ...head, padding: 1 }),
    convBias(x, scope, "head.rate3", { ...head, dilation: 3, padding: 3 }),
  );
}

/** Fails unless the difference from the fixture is small: ‖actual − expected‖ ≤ 1e-4 · ‖expected‖. */
function assertNear(actual: Float32Array, name: string, what: string): void {
  const expected = fixture(name).values;
  assertEquals(actual.length, expected.length, what);
  const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
  const error = norm(actual.map((value, index) => value - (expected[index] ?? NaN))) / norm(expected);
  assert(error <= allowed, `${what}: relative L2 error ${error}, allowed ${allowed}`);
}

function fixture(name: string) {
  const found = tensors.get(name);
  assert(found !== undefined, `The fixture has no tensor "${name}"`);
  return found;
}

function gradientRange(learned: ReturnType<ParameterStore["trainableTensors"]>, index: number) {
  const found = learned[index];
  assert(found !== undefined);
  return found.gradient;
}

function disposable(store: ParameterStore): ParameterStore & Disposable {
  return Object.assign(store, { [Symbol.dispose]: () => store.dispose() });
}
