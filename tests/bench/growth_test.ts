import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { growthBase, growthSizes } from "../../bench/growth.ts";
import { ReferenceRun } from "../../bench/reference.ts";
import { Gpu } from "../../src/gpu/gpu.ts";

Deno.test("every sweep of bench growth goes through its base and changes one thing", () => {
  for (const [variable, sizes] of Object.entries(growthSizes)) {
    assert(sizes.some((size) => JSON.stringify(size) === JSON.stringify(growthBase)), variable);
    const changed = (["batch", "height", "width", "classes"] as const).filter((key) =>
      new Set(sizes.map((size) => size[key])).size > 1
    );
    assertEquals(changed, variable === "pixels" ? ["height", "width"] : [variable]);
  }
});

Deno.test("the reference network runs at other sizes: its loss starts near that of chance, and fewer classes take less memory", async () => {
  using gpu = await Gpu.open();
  const bytes: number[] = [];
  for (const classes of [2, 150]) {
    using run = await ReferenceRun.open(gpu, { size: { batch: 1, height: 32, width: 64, classes } });
    run.submitStep();
    assertAlmostEquals(await run.loss(), Math.log(classes), 0.5);
    assert(run.forwardBytes < run.stepBytes);
    bytes.push(run.stepBytes);
  }
  const [few = 0, many = 0] = bytes;
  assert(few < many, `${few} and ${many}`);
  assertEquals(gpu.allocatedBytes, 0);
});
