import { assert, assertEquals } from "@std/assert";
import { pack } from "../../src/graph/layout.ts";
import { Program } from "../../src/graph/program.ts";
import { memoryPlan, planProgram } from "../../src/graph/program_plan.ts";
import { block, input, type Tensor } from "../../src/graph/tensor.ts";
import { relu } from "../../src/ops/activation/activation.ts";
import { add } from "../../src/ops/arithmetic/add.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { gradients } from "../../src/ops/gradients.ts";
import { batchNorm } from "../../src/ops/norm/batch_norm.ts";
import { batchNormTraining } from "../../src/ops/norm/batch_norm_training.ts";
import { randomValues, size, testGpu } from "../ops/harness.ts";

const shape = [2, 8, 12, 10];

/** Convolutions with batch norms of the batch and shortcuts, and all gradients. */
function network(storage: { readonly recompute: boolean; readonly half: boolean }) {
  const x = input("x", shape);
  const weights = [0, 1, 2].map((index) => input(`w${index}`, [8, 8, 3, 3], { layout: "convolution" }));
  const vectors = ["gamma", "beta"].map((name) => input(name, [8], { layout: "channels" }));
  const [gamma = x, beta = x] = vectors;
  const y = weights.reduce((y, weight, index) =>
    block(`block ${index}`, () => {
      const sums = conv2d(y, weight, { padding: 1 });
      const normalized = batchNormTraining(sums, { gamma, beta }, { activation: { leakyRelu: 0.1 } });
      return index === 1 ? normalized : add(normalized, y);
    }), x);
  const results = gradients(y, [x, ...weights, ...vectors], input("dy", y.shape));
  const outputs: Record<string, Tensor> = { y };
  for (const [index, tensor] of results.entries()) outputs[`gradient ${index}`] = tensor;
  return { outputs, activations: { loss: y, ...storage } };
}

async function bytesOf(definition: Parameters<typeof Program.compile>[1]): Promise<Uint8Array[]> {
  const gpu = await testGpu();
  using program = await Program.compile(gpu, definition);
  for (const name of program.inputNames) {
    const { shape, layout } = program.inputTensor(name);
    program.write(name, pack(randomValues(size(shape), name), shape, layout));
  }
  // The second run starts with slots full of other tensors' values.
  for (let run = 0; run < 2; run++) program.run();
  return await Promise.all(Object.keys(definition.outputs).map((name) => program.readBytes(name)));
}

for (
  const storage of [{ recompute: false, half: false }, { recompute: true, half: false }, {
    recompute: true,
    half: true,
  }]
) {
  const how = `${storage.recompute ? "recomputed" : "kept"}${storage.half ? " in 16 bits" : ""}`;
  Deno.test(`computing in place gives the same bytes, activations ${how}`, async () => {
    const definition = network(storage);
    const inPlace = await bytesOf(definition);
    assert(inPlace.every((output) => output.some((byte) => byte !== 0)), "an output is all zeros");
    assertEquals(inPlace, await bytesOf({ ...definition, withoutReuse: true }));
    const names = planProgram(await testGpu(), definition).steps.flatMap(({ plan }) => plan.calls)
      .map(({ shader: { name, includes = {} } }) => [name, ...Object.values(includes)].join(" "));
    assert(names.some((name) => name === "arithmetic/add_to"), `${names}`);
    assert(names.some((name) => name.includes("gradient_in_place")), `${names}`);
  });
}

Deno.test("a chain of sums takes the memory of one, and a sum that is needed later keeps its own", async () => {
  const gpu = await testGpu();
  const [x, z] = [input("x", shape), input("z", shape)];
  const chain = add(add(add(relu(x), z), z), z);
  assertEquals(memoryPlan(gpu, { outputs: { chain } }).activationBytes, chain.bytes);
  const first = relu(x);
  const used = add(add(first, z), first);
  assertEquals(memoryPlan(gpu, { outputs: { used } }).activationBytes, 2 * used.bytes);
  assertEquals(memoryPlan(gpu, { outputs: { first, sum: add(first, z) } }).activationBytes, 2 * used.bytes);
  // Nothing is written over what is given to a program.
  assertEquals(memoryPlan(gpu, { outputs: { sum: add(x, z) } }).activationBytes, used.bytes);
  assertEquals(
    (await bytesOf({ outputs: { used } }))[0],
    (await bytesOf({ outputs: { used }, withoutReuse: true }))[0],
  );
});

Deno.test("what an op takes twice is not written over while it is read", async () => {
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) => input(`${index}`, [8], { layout: "channels" }));
  assert(gamma && beta && mean && variance);
  const made = relu(input("x", shape));
  const parameters = { gamma, beta, mean, variance };
  const normalized = batchNorm(made, parameters);
  const [gradient = made] = gradients(normalized, [made], made);
  const other = relu(input("z", shape));
  for (const result of [gradient, add(made, made), batchNorm(other, parameters, { residual: other })]) {
    const [reused, apart] = [
      await bytesOf({ outputs: { result } }),
      await bytesOf({ outputs: { result }, withoutReuse: true }),
    ];
    assertEquals(reused, apart, String(result));
  }
});
