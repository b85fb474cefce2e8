import { assert, assertEquals } from "@std/assert";
import { gradients } from "../../src/ops/gradients.ts";
import { type Life, planSlots } from "../../src/graph/plan.ts";
import { Program } from "../../src/graph/program.ts";
import { memoryPlan, type ProgramDefinition } from "../../src/graph/program_plan.ts";
import { pack } from "../../src/graph/layout.ts";
import { block, input, layer, type Tensor } from "../../src/graph/tensor.ts";
import { ParameterStore } from "../../src/nn/parameter_store.ts";
import { collectParameters } from "../../src/nn/parameters.ts";
import { adamW, sgd } from "../../src/optim/optimizer.ts";
import { relu } from "../../src/ops/activation/activation.ts";
import { softmax } from "../../src/ops/activation/softmax.ts";
import { add } from "../../src/ops/arithmetic/add.ts";
import { concat } from "../../src/ops/arithmetic/concat.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { globalAveragePool } from "../../src/ops/pool/global_average_pool.ts";
import { maxPool2d } from "../../src/ops/pool/max_pool2d.ts";
import { bilinearResize } from "../../src/ops/resize/bilinear_resize.ts";
import { Random } from "../../src/random.ts";
import { randomValues, size, testGpu } from "../ops/harness.ts";

Deno.test("planSlots() gives no two lives the same bytes at once, and no launch one slot to write and to bind", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const lives = randomLives(seed);
    const { places, slotBytes, lowerBoundBytes } = planSlots(lives);
    assertEquals(places.length, lives.length);
    for (const [i, a] of lives.entries()) {
      const at = places[i] ?? { slot: -1, offset: 0 };
      assert(at.offset % 256 === 0, `seed ${seed}: ${a.label} lies at ${at.offset}`);
      assert((slotBytes[at.slot] ?? 0) >= at.offset + a.bytes, `seed ${seed}: ${a.label} does not fit its slot`);
      for (const [j, b] of lives.slice(0, i).entries()) {
        const other = places[j];
        if (other?.slot !== at.slot || a.last < b.first || b.last < a.first) continue;
        const isApart = at.offset + a.bytes <= other.offset || other.offset + b.bytes <= at.offset;
        assert(isApart, `seed ${seed}: ${a.label} lies over ${b.label}`);
        const written = [...a.writes.map((step) => ({ step, of: b })), ...b.writes.map((step) => ({ step, of: a }))];
        assert(
          written.every(({ step, of }) => !of.writes.includes(step) && !of.reads.includes(step)),
          `seed ${seed}: a step writes ${a.label} or ${b.label} and binds both`,
        );
      }
    }
    const total = slotBytes.reduce((sum, bytes) => sum + bytes, 0);
    const separate = lives.reduce((sum, { bytes }) => sum + bytes, 0);
    assert(total >= lowerBoundBytes && total <= separate, `seed ${seed}: ${lowerBoundBytes} ≤ ${total} ≤ ${separate}`);
    assertEquals(lowerBoundBytes, largestLiveSum(lives), `seed ${seed}`);
  }
});

Deno.test("planSlots() uses a place again as soon as its tensor is dead, not sooner", () => {
  assertEquals(planSlots([life(0, 1), life(2, 3), life(4, 4)]).slotBytes, [16]);
  assertEquals(planSlots([life(0, 2), life(2, 3)]).slotBytes, [16, 16]);
  assertEquals(planSlots([life(0, 1, 16), life(2, 3, 64)]).slotBytes, [64]);
  assertEquals(planSlots([]), { places: [], slotBytes: [], lowerBoundBytes: 0 });
});

Deno.test("planSlots() places small lives side by side where a large one lay, but for those that a step binds to write", () => {
  const large = life(0, 3, 1024);
  const small = [life(4, 9, 300), life(5, 9, 200)];
  assertEquals(planSlots([large, ...small]), {
    places: [{ slot: 0, offset: 0 }, { slot: 0, offset: 0 }, { slot: 0, offset: 512 }],
    slotBytes: [1024],
    lowerBoundBytes: 1024,
  });
  const [read, written] = small.map((life) => ({ ...life, reads: [5] }));
  assert(read !== undefined && written !== undefined);
  assertEquals(planSlots([large, read, written]).slotBytes, [1024, 200]);
});

/** Written by its first step. */
function life(first: number, last: number, bytes = 16): Life {
  return { label: "t", bytes, first, last, writes: [first], reads: [] };
}

Deno.test("Program gives the same bytes with and without reuse of slots", async () => {
  const gpu = await testGpu();
  const bytes: Uint8Array[][] = [];
  for (const withoutReuse of [true, false]) {
    const { definition, inputs } = network();
    using program = await Program.compile(gpu, { ...definition, withoutReuse });
    for (const tensor of inputs) {
      program.write(
        nameOf(tensor),
        pack(randomValues(size(tensor.shape), nameOf(tensor)), tensor.shape, tensor.layout),
      );
    }
    // The second run starts with slots full of other tensors' values.
    for (let run = 0; run < 2; run++) {
      program.run();
      bytes.push(await Promise.all(Object.keys(definition.outputs).map((name) => program.readBytes(name))));
    }
  }
  assert(bytes[0]?.every((output) => output.some((byte) => byte !== 0)), "an output is all zeros");
  for (const run of bytes.slice(1)) assertEquals(run, bytes[0]);
});

Deno.test("memoryPlan() takes less with reuse, and never less than the lower bound", async () => {
  const gpu = await testGpu();
  const { definition } = network();
  const shared = memoryPlan(gpu, definition);
  const separate = memoryPlan(gpu, { ...definition, withoutReuse: true });
  assert(shared.activationBytes < separate.activationBytes, `${shared.activationBytes} of ${separate.activationBytes}`);
  assert(shared.activationBytes >= shared.lowerBoundBytes, `${shared.activationBytes} < ${shared.lowerBoundBytes}`);
  assert(shared.scratchBytes < shared.activationBytes);
});

Deno.test("recomputing blocks gives the same bytes in less memory, for more operations", async () => {
  const gpu = await testGpu();
  const x = input("x", [2, 3, 24, 20]);
  const weights = [0, 1, 2, 3].flatMap((block) => [
    input(`a${block}`, [8, block === 0 ? 3 : 8, 3, 3], { layout: "convolution" }),
    input(`b${block}`, [8, 8, 1, 1], { layout: "convolution" }),
  ]);
  const y = [0, 1, 2, 3].reduce((y, index) =>
    block(`block${index}`, () =>
      layer(`backbone.block${index}.conv`, () => {
        const [a = x, b = x] = weights.slice(2 * index);
        const inner = relu(conv2d(y, a, { padding: 1 }));
        return add(relu(conv2d(inner, b)), relu(conv2d(relu(inner), b)));
      })), x);
  const results = gradients(y, [x, ...weights], input("dy", y.shape));
  const outputs = { y, ...Object.fromEntries(results.map((tensor, index) => [`gradient ${index}`, tensor])) };
  const bytes: Uint8Array[][] = [];
  const plans = [false, true].map((recompute) => ({ outputs, activations: { loss: y, recompute, half: false } }));
  for (const definition of plans) {
    using program = await Program.compile(gpu, definition);
    for (const name of program.inputNames) {
      const { shape, layout } = program.inputTensor(name);
      program.write(name, pack(randomValues(size(shape), name), shape, layout));
    }
    program.run();
    bytes.push(await Promise.all(Object.keys(outputs).map((name) => program.readBytes(name))));
  }
  assert(bytes[0]?.every((output) => output.some((byte) => byte !== 0)), "an output is all zeros");
  assertEquals(bytes[1], bytes[0]);
  const [kept, recomputed] = plans.map((definition) => memoryPlan(gpu, definition));
  assert(kept !== undefined && recomputed !== undefined);
  assert(recomputed.activationBytes < kept.activationBytes, `${recomputed.activationBytes}, ${kept.activationBytes}`);
  assertEquals(recomputed.flops, kept.flops + recomputed.recomputedFlops);
  assert(recomputed.recomputedFlops > 0 && kept.recomputedFlops === 0);
});

Deno.test("a block inside a block is recomputed by itself", async () => {
  const gpu = await testGpu();
  const x = input("x", [2, 8, 24, 20]);
  const weights = [0, 1, 2, 3].map((index) => input(`w${index}`, [8, 8, 3, 3], { layout: "convolution" }));
  const plan = (inner: typeof block, outer: typeof block) => {
    const part = (y: Tensor, weight: Tensor) =>
      inner("part", () => relu(conv2d(relu(conv2d(y, weight, { padding: 1 })), weight, { padding: 1 })));
    const y = outer("whole", () => weights.reduce(part, x));
    const results = gradients(y, weights, input("dy", y.shape));
    const outputs = Object.fromEntries(results.map((tensor, index) => [`gradient ${index}`, tensor]));
    return memoryPlan(gpu, { outputs, activations: { loss: y, recompute: true, half: false } });
  };
  const none: typeof block = (_name, build) => build();
  assertEquals(plan(block, block), plan(block, none));
  assert(plan(block, block).lowerBoundBytes < plan(none, block).lowerBoundBytes);
});

Deno.test("what is computed from resident tensors alone is kept until their version changes", async () => {
  const gpu = await testGpu();
  const options = { layout: "convolution" as const, initial: { constant: 0 } };
  const declarations = collectParameters((scope) => ["a", "b"].map((n) => scope.parameter(n, [8, 8, 1, 1], options)));
  const store = new ParameterStore(gpu, declarations);
  const values = (seed: number) =>
    new Map(["a", "b"].map((name) => [name, { shape: [8, 8, 1, 1], values: randomValues(64, name, seed) }]));
  const [a, b] = ["a", "b"].map((name) => store.parameter(name, [8, 8, 1, 1], options));
  assert(a !== undefined && b !== undefined);
  const x = input("x", [1, 8, 4, 4]);
  const sum = add(a, b);
  const outputs = { y: relu(conv2d(relu(conv2d(x, sum)), sum)) };
  using keeping = await Program.compile(gpu, { outputs, residents: store });
  using plain = await Program.compile(gpu, { outputs });
  assertEquals(keeping.dispatches.length, plain.dispatches.length - 1);
  for (const program of [keeping, plain]) program.write("x", pack(randomValues(128, "x"), x.shape, "activation"));
  const results: Uint8Array[] = [];
  for (const seed of [1, 1, 2]) {
    store.load(values(seed), "the test");
    // The second run finds slots full of the first one's values.
    for (let run = 0; run < 2; run++) {
      for (const program of [keeping, plain]) program.run();
      const [kept, computed] = await Promise.all([keeping.readBytes("y"), plain.readBytes("y")]);
      assertEquals(kept, computed, `seed ${seed}, run ${run}`);
      results.push(kept);
    }
  }
  assert(results[0]?.some((byte, index) => byte !== results.at(-1)?.[index]), "other parameters gave the same result");
  store.dispose();
});

Deno.test("every step of an optimizer changes the version of the parameters, so that inferences between see it", async () => {
  const gpu = await testGpu();
  const options = { layout: "channels" as const, initial: { constant: 1 } };
  const store = new ParameterStore(gpu, collectParameters((scope) => scope.parameter("w", [4], options)));
  const versions = [store.version];
  store.initialize(1);
  versions.push(store.version);
  for (const optimizer of [await sgd(gpu, store), await adamW(gpu, store)]) {
    optimizer.prepare({ backbone: 0.1, head: 0.1 });
    versions.push(store.version);
    optimizer.dispose();
  }
  assertEquals(new Set(versions).size, 4);
  store.dispose();
});

/** A small network with branches, and its gradients. */
function network(): { definition: ProgramDefinition; inputs: Tensor[] } {
  const x = input("x", [2, 3, 12, 10]);
  const w1 = input("w1", [6, 3, 3, 3], { layout: "convolution" });
  const w2 = input("w2", [5, 6, 1, 1], { layout: "convolution" });
  const dy = input("dy", [2, 11, 6, 5]);
  const features = relu(conv2d(x, w1, { padding: 1 }));
  const pooled = maxPool2d(features, { kernel: 2 });
  const context = bilinearResize(globalAveragePool(pooled), { height: 6, width: 5 });
  const branch = softmax(conv2d(pooled, w2));
  const y = concat([add(pooled, context), branch]);
  const [dx = y, dw1 = y, dw2 = y] = gradients(y, [x, w1, w2], dy);
  return { definition: { outputs: { y, dx, dw1, dw2 } }, inputs: [x, w1, w2, dy] };
}

function nameOf(tensor: Tensor): string {
  const { leaf } = tensor.definition;
  return leaf === undefined || leaf.kind === "part" ? "" : leaf.name;
}

function randomLives(seed: number): Life[] {
  const random = new Random(seed, "lives");
  return Array.from({ length: 1 + random.integer(30, 0) }, (_, index) => {
    const first = random.integer(20, 1, index);
    const last = first + random.integer(10, 3, index);
    return {
      label: `life ${index}`,
      bytes: 128 * (1 + random.integer(16, 2, index)),
      ...{ first, last },
      writes: [first],
      reads: Array.from({ length: last - first }, (_, step) => first + 1 + step).filter((step) =>
        random.integer(2, 4, 100 * index + step) === 0
      ),
    };
  });
}

function largestLiveSum(lives: readonly Life[]): number {
  const at = (step: number) =>
    lives.filter(({ first, last }) => first <= step && step <= last).reduce((sum, { bytes }) => sum + bytes, 0);
  return Math.max(...Array.from({ length: 40 }, (_, step) => at(step)));
}
