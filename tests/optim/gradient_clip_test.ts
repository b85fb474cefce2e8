import { assert, assertEquals, assertRejects } from "@std/assert";
import { pack } from "../../src/graph/layout.ts";
import { ParameterStore } from "../../src/nn/parameter_store.ts";
import { collectParameters } from "../../src/nn/parameters.ts";
import { GradientClip } from "../../src/optim/gradient_clip.ts";
import { randomValues, testGpu } from "../ops/harness.ts";

const shapes = { backbone: [70_003], head: [1501] } as const;
const groups = ["backbone", "head"] as const;

Deno.test("the clip factor is that of the norm over all groups, the same bits in each run, and 1 below the norm", async () => {
  const gpu = await testGpu();
  const before = gpu.allocatedBytes;
  const store = new ParameterStore(
    gpu,
    collectParameters((scope) =>
      groups.map((group) =>
        scope.parameter(group, shapes[group], { group, layout: "channels", initial: { constant: 0 } })
      )
    ),
  );
  const gradients = groups.map((group) => {
    const values = randomValues(shapes[group][0], group);
    const { buffer, offset } = store.gradientRange(group);
    gpu.write(buffer, pack(values, shapes[group], "channels"), offset);
    return values;
  });
  const norm = Math.sqrt(gradients.reduce((sum, values) => values.reduce((s, value) => s + value ** 2, sum), 0));
  for (const maxNorm of [1, 0.999 * norm, 1.001 * norm]) {
    const clip = await GradientClip.open(gpu, store, maxNorm);
    const factors: number[] = [];
    for (let run = 0; run < 2; run++) {
      gpu.submit(clip.dispatches);
      const [bytes] = await gpu.read({ buffer: clip.factor, offset: 0, size: 4 });
      factors.push(new Float32Array(bytes?.buffer ?? new ArrayBuffer(4))[0] ?? NaN);
    }
    const expected = Math.min(1, maxNorm / (norm + 1e-6));
    assert(Math.abs((factors[0] ?? NaN) / expected - 1) < 1e-5, `${factors[0]}, expected ${expected}`);
    assertEquals(factors[1], factors[0]);
    clip.dispose();
  }
  await assertRejects(() => GradientClip.open(gpu, store, 0), RangeError, "a norm of 0: it must be above 0");
  store.dispose();
  assertEquals(gpu.allocatedBytes, before);
});
