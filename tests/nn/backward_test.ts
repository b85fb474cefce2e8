import { assertEquals, assertThrows } from "@std/assert";
import { Program } from "../../src/graph/program.ts";
import { input } from "../../src/graph/tensor.ts";
import { gradientDestinations } from "../../src/nn/backward.ts";
import { ParameterStore } from "../../src/nn/parameter_store.ts";
import type { ParameterDeclaration } from "../../src/nn/parameters.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { interpolatedCrossEntropy } from "../../src/ops/loss/interpolated_cross_entropy.ts";
import { testGpu } from "../ops/harness.ts";

const shared = { layout: "convolution", initial: { deviation: 0.3 }, group: "backbone" } as const;
const declarations: ParameterDeclaration[] = [
  { ...shared, name: "first", shape: [8, 3, 1, 1], trainable: true },
  { ...shared, name: "frozen", shape: [8, 8, 1, 1], trainable: false },
  { ...shared, name: "unused", shape: [4, 8, 1, 1], trainable: true },
  { ...shared, name: "last", shape: [4, 8, 1, 1], trainable: true, group: "head" },
];

/** The loss of a network that asks for all parameters but `unused`. */
function lossOf(store: ParameterStore) {
  const images = input("images", [1, 3, 4, 4]);
  const labels = input("labels", [1, 4, 4], { dtype: "u8", layout: "plain" });
  const logits = declarations.filter(({ name }) => name !== "unused")
    .reduce((x, { name, shape }) => conv2d(x, store.parameter(name, shape, shared)), images);
  return interpolatedCrossEntropy(logits, labels);
}

Deno.test("each learned parameter that a network asks for has one gradient, at its place in the store or the given one", async () => {
  const gpu = await testGpu();
  const store = new ParameterStore(gpu, declarations);
  store.initialize(2);
  const loss = lossOf(store);
  const found = gradientDestinations(loss, store);
  const wanted = ["first", "last"].map((name) => store.gradientRange(name));
  assertEquals([...found.values()], wanted);
  assertEquals([...found.keys()].map(({ shape }) => shape), [[8, 3, 1, 1], [4, 8, 1, 1]]);

  const copy = gpu.createBuffer(store.segmentBytes[0] ?? 0, "another place");
  const moved = gradientDestinations(loss, store, (range) => ({ ...range, buffer: copy }));
  assertEquals([...moved.values()], wanted.map((range) => ({ ...range, buffer: copy })));
  for (const destinations of [found, moved]) {
    using program = await Program.compile(gpu, { outputs: { loss }, destinations });
    program.write("images", Float32Array.from({ length: 64 }, (_, index) => index % 4 === 3 ? 0 : Math.sin(index)));
    program.write("labels", Uint8Array.from({ length: 16 }, (_, pixel) => pixel % 4));
    program.run();
    await gpu.wait();
  }
  const [inStore, elsewhere] = await Promise.all([found, moved].map((map) => gpu.read(...map.values())));
  assertEquals(elsewhere, inStore);
  assertEquals(inStore?.every((bytes) => bytes.some((byte) => byte !== 0)), true);
  const [unused] = await gpu.read(store.gradientRange("unused"));
  assertEquals(unused?.every((byte) => byte === 0), true);
  gpu.destroyBuffer(copy);
  store.dispose();
});

Deno.test("parameters without gradients have no destinations", async () => {
  const store = new ParameterStore(await testGpu(), declarations, { trainable: false });
  assertThrows(() => gradientDestinations(lossOf(store), store), Error, "opened without gradients");
  store.dispose();
});
