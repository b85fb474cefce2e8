import { assert, assertEquals } from "@std/assert";
import { launchCost, SubmissionPace } from "../../src/gpu/submission_pace.ts";
import { encodeSubmission } from "../../src/gpu/submission.ts";
import { Program } from "../../src/graph/program.ts";
import { pack } from "../../src/graph/layout.ts";
import { input, type Tensor } from "../../src/graph/tensor.ts";
import { relu } from "../../src/ops/activation/activation.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { randomValues, testGpu } from "../ops/harness.ts";

Deno.test("a launch costs what it computes, or else what it moves", () => {
  assertEquals(launchCost([3, 2, 1], 1e9), 1e9);
  assert(launchCost([3, 2, 1]) > 0);
  assertEquals(launchCost([30, 20, 10]), 1000 * launchCost([3, 2, 1]));
});

Deno.test("submissions get as long as an adapter is fast, and never shorter", () => {
  let time = 0;
  const pace = new SubmissionPace(() => time);
  const first = pace.longest;
  const work = (cost: number, milliseconds: number) => {
    pace.add(cost);
    const { pending } = pace;
    time += milliseconds;
    pace.done(pending);
    return pace.longest;
  };
  // Slower than assumed: compiling counts as work.
  assertEquals(work(first, 100_000), first);
  assertEquals(work(1e12, 100), 1e13 * 0.25);
  assertEquals(work(1e12, 200), 1e13 * 0.25);
  assertEquals(work(0, 100), 1e13 * 0.25);
});

Deno.test("what is submitted during a wait counts from its end", () => {
  let time = 0;
  const pace = new SubmissionPace(() => time);
  pace.add(1e12);
  const { pending } = pace;
  time = 50;
  pace.add(3e12);
  time = 100;
  pace.done(pending);
  assertEquals(pace.pending, { cost: 3e12, since: 100 });
});

Deno.test("a run gives the same bytes in one submission and in many", async () => {
  const gpu = await testGpu();
  const x = input("x", [1, 8, 12, 12]);
  const w = input("w", [8, 8, 3, 3], { layout: "convolution" });
  const y = [1, 2, 3, 4].reduce((y: Tensor) => relu(conv2d(y, w, { padding: 1 })), x);
  using program = await Program.compile(gpu, { outputs: { y } });
  for (const { name, shape, layout } of [{ name: "x", ...x }, { name: "w", ...w }]) {
    program.write(name, pack(randomValues(shape.reduce((a, b) => a * b), name), shape, layout));
  }
  const bytesAfter = async (longest: number) => {
    const buffers = [...encodeSubmission(gpu.device, program.dispatches, [], longest, null)];
    for (const { buffer } of buffers) gpu.device.queue.submit([buffer]);
    return { count: buffers.length, bytes: await program.readBytes("y") };
  };
  const one = await bytesAfter(Infinity);
  // Of other values, so that the same bytes are not those of before.
  program.write("x", new Float32Array(8 * 144));
  program.run();
  program.write("x", pack(randomValues(8 * 144, "x"), x.shape, x.layout));
  const each = await bytesAfter(1);
  assertEquals([one.count, each.count], [1, program.dispatches.length]);
  assertEquals(each.bytes, one.bytes);
  assert(one.bytes.some((byte) => byte !== 0));
});
