import { assert, assertEquals } from "@std/assert";
import { Gpu } from "../../src/gpu/gpu.ts";
import { pack } from "../../src/graph/layout.ts";
import { Program } from "../../src/graph/program.ts";
import { input } from "../../src/graph/tensor.ts";
import { ParameterStore } from "../../src/nn/parameter_store.ts";
import { collectParameters, type ParameterScope } from "../../src/nn/parameters.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { gradients } from "../../src/ops/gradients.ts";
import { sgd } from "../../src/optim/optimizer.ts";
import { randomValues, size, testGpu } from "../ops/harness.ts";

const [images, shape] = [[2, 16, 5, 4], [24, 16, 3, 3]];

function trace(scope: ParameterScope) {
  const weight = scope.parameter("weight", shape, { layout: "convolution", initial: { deviation: 0.1 } });
  return conv2d(input("x", images), weight, { padding: 1 });
}

/** The weights after two steps of SGD with clipped gradients, and the runs that it steps through. */
async function trained(gpu: Gpu) {
  const store = new ParameterStore(gpu, collectParameters(trace));
  store.initialize(5);
  const optimizer = await sgd(gpu, store, { clipNorm: 1 });
  const y = trace(store);
  const learned = store.trainableTensors();
  const found = gradients(y, learned.map(({ tensor }) => tensor), input("dy", y.shape));
  const destinations = new Map(found.flatMap((tensor, index) => {
    const gradient = learned[index]?.gradient;
    return gradient === undefined ? [] : [[tensor, gradient] as const];
  }));
  using program = await Program.compile(gpu, { outputs: { y }, destinations, epilogue: optimizer.dispatches });
  for (const name of program.inputNames) {
    const { shape, layout } = program.inputTensor(name);
    program.write(name, pack(randomValues(size(shape), name), shape, layout));
  }
  for (let step = 0; step < 2; step++) {
    optimizer.prepare({ backbone: 0.1, head: 0.1 });
    program.run();
  }
  const values = (await store.save()).get("weight")?.values ?? new Float32Array();
  const runs = store.runs().map(({ values: { size } }) => size);
  optimizer.dispose();
  store.dispose();
  return { values, runs };
}

Deno.test("a parameter larger than a binding is trained as any other, in runs that can be bound", async () => {
  // The weights take 24·16·9·4 = 13,824 bytes.
  using limited = await Gpu.open({ maxBindingBytes: 9000 });
  const [whole, cut] = [await trained(await testGpu()), await trained(limited)];
  assertEquals([whole.runs, cut.runs], [[13_824], [8960, 4864]]);
  const largest = whole.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const difference = whole.values.reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (cut.values[index] ?? NaN))),
    0,
  );
  assert(largest > 0.1 && difference <= 1e-6 * largest, `differs by ${difference}, the largest value is ${largest}`);
});
