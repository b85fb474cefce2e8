import { assert, assertEquals } from "@std/assert";
import { pack } from "../../src/graph/layout.ts";
import { Program } from "../../src/graph/program.ts";
import { memoryPlan } from "../../src/graph/program_plan.ts";
import { block, input, type Tensor } from "../../src/graph/tensor.ts";
import { relu } from "../../src/ops/activation/activation.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { gradients } from "../../src/ops/gradients.ts";
import { randomValues, size, testGpu } from "../ops/harness.ts";

/** Convolutions with ReLU, each a block, and all gradients. */
function network(storage: { readonly recompute: boolean; readonly half: boolean }, depth = 4) {
  const x = input("x", [2, 8, 24, 20]);
  const weights = Array.from(
    { length: depth },
    (_, block) => input(`weight ${block}`, [8, 8, 3, 3], { layout: "convolution" }),
  );
  const y = weights.reduce(
    (y, weight, index) => block(`block${index}`, () => relu(conv2d(y, weight, { padding: 1 }))),
    x,
  );
  const results = gradients(y, [x, ...weights], input("dy", y.shape));
  const named = results.map((tensor, index): [string, Tensor] => [`gradient ${index}`, tensor]);
  return { outputs: { y, ...Object.fromEntries(named) }, activations: { loss: y, ...storage } };
}

async function results(definition: ReturnType<typeof network>, scale = 1): Promise<Map<string, Float32Array>> {
  const gpu = await testGpu();
  using program = await Program.compile(gpu, definition);
  for (const name of program.inputNames) {
    const { shape, layout } = program.inputTensor(name);
    const factor = name === "x" ? scale : name === "dy" ? 1 : 0.2;
    program.write(name, pack(randomValues(size(shape), name).map((value) => value * factor), shape, layout));
  }
  program.run();
  const read = Object.keys(definition.outputs).map(async (name) => [name, await program.read(name)] as const);
  return new Map(await Promise.all(read));
}

function relativeDifference(a: Float32Array, b: Float32Array): number {
  const norm = (values: Float32Array) => Math.hypot(...values);
  return norm(a.map((value, index) => value - (b[index] ?? NaN))) / norm(b);
}

for (const recompute of [false, true]) {
  const how = recompute ? "recomputed or kept" : "kept";
  Deno.test(`activations ${how} in 16 bits leave the forward pass as it is, and gradients within 1e-3`, async () => {
    const full = await results(network({ recompute: false, half: false }));
    const half = await results(network({ recompute, half: true }));
    for (const [name, values] of full) {
      const found = half.get(name) ?? new Float32Array();
      if (name === "y") assertEquals(found, values);
      const difference = relativeDifference(found, values);
      assert(difference < 1e-3, `${name} differs by ${difference}`);
    }
    const last = "gradient 4";
    assert(relativeDifference(half.get(last) ?? new Float32Array(), full.get(last) ?? new Float32Array()) > 1e-6);
    assertEquals(await results(network({ recompute, half: true })), half);
  });
}

Deno.test("16 bits take about half the memory of what is kept", async () => {
  const gpu = await testGpu();
  const [full, half] = [false, true].map((half) => memoryPlan(gpu, network({ recompute: false, half }, 40)));
  assert(full !== undefined && half !== undefined);
  assert(half.lowerBoundBytes < 0.6 * full.lowerBoundBytes, `${half.lowerBoundBytes} of ${full.lowerBoundBytes}`);
  assertEquals([half.flops, half.recomputedFlops], [full.flops, 0]);
});

Deno.test("activations too large for 16 bits become the largest that are not, never infinite", async () => {
  const large = await results(network({ recompute: false, half: true }), 1e6);
  for (const [name, values] of large) assert(values.every(Number.isFinite), `${name} is not finite`);
});
