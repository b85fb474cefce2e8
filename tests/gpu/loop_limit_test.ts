import { assert, assertEquals, assertRejects } from "@std/assert";
import { executedTrips } from "../../src/gpu/loop_limit.ts";
import { nestedIterations } from "../../src/graph/iterations.ts";
import { maxIterations } from "../../src/graph/iterations.ts";
import { Program } from "../../src/graph/program.ts";
import { input, Tensor } from "../../src/graph/tensor.ts";
import addShader from "../../shaders/arithmetic/add.wgsl" with { type: "text" };
import { testGpu } from "../ops/harness.ts";

const nests = [[1, 59_997], [19_999, 1], [249, 238], [238, 249], [2726, 20], [2, 29_997]] as const;

for (const [outer, inner] of nests) {
  Deno.test(`an invocation executes ${outer} × ${inner} loops completely, as programs may ask for`, async () => {
    const counted = nestedIterations(outer, inner);
    assert(counted <= maxIterations && counted > maxIterations - 300, `the case has ${counted} iterations`);
    assertEquals(await executedTrips(await testGpu(), outer, inner), outer * inner);
  });
}

Deno.test("a driver that stops long loops does so where nestedIterations() says, above maxIterations", async (t) => {
  const gpu = await testGpu();
  for (const [outer, inner] of [[1, 100_000], [100_000, 1], [400, 250]] as const) {
    const executed = await executedTrips(gpu, outer, inner);
    const finding = executed === outer * inner ? "are executed" : `stop after ${executed}`;
    await t.step(`${outer} × ${inner} loops ${finding} on this adapter`, () => {
      const counted = executed / (outer * inner) * nestedIterations(outer, inner);
      assert(
        counted > maxIterations,
        `The driver stops after about ${counted} iterations: maxIterations in src/graph/program.ts must be smaller`,
      );
    });
  }
});

Deno.test("Program.compile() refuses a kernel whose invocations would loop too often", async () => {
  const gpu = await testGpu();
  const x = input("x", [4], { layout: "plain" });
  const looping = (iterations: number) =>
    new Tensor({
      op: "looping",
      shape: [4],
      layout: "plain",
      inputs: [x],
      kernels: () => ({
        calls: [{
          shader: { name: "arithmetic/add", text: addShader },
          constants: { VECTORS: 1 },
          bindings: [x, x, "output"],
          workgroups: [1, 1, 1],
          iterations,
        }],
      }),
    });
  await assertRejects(
    () => Program.compile(gpu, { outputs: { y: looping(maxIterations + 1) } }),
    RangeError,
    `(looping) [4]: arithmetic/add would loop ${maxIterations + 1} times in one invocation`,
  );
  using allowed = await Program.compile(gpu, { outputs: { y: looping(maxIterations) } });
  assertEquals(allowed.dispatches.length, 1);
});
