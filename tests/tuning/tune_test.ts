import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { tolerance, tune, tuningProblems } from "../../src/tuning/tune.ts";
import { floatChannels } from "../../src/nn/image_kind.ts";
import { convBias } from "../../src/nn/layers.ts";
import type { Model } from "../../src/nn/model.ts";
import { networkTensors } from "../../src/tuning/network_tensors.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import type { KernelSchedule } from "../../src/graph/schedule.ts";
import { input, Tensor } from "../../src/graph/tensor.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { gradients } from "../../src/ops/gradients.ts";
import { tuneInto } from "../../src/cli/tune.ts";
import { writeTable } from "../../src/tuning/table.ts";
import { crosswalk, inTemporaryFolder } from "../cli/program.ts";

/** A 1×1 convolution; `conv2d` chooses among its own schedules. */
function convolution(x: Tensor, w: Tensor): Tensor {
  return conv2d(x, w);
}

/**
 * A convolution with four candidates: that of the rules, a right one, and two that are fast because they leave out most
 * of the work. One of these writes nothing, the other only the first of its tiles.
 */
function withWrongSchedules(x: Tensor, w: Tensor): Tensor {
  const right = convolution(x, w);
  const candidates: KernelSchedule[] = [{}, { staging: "registers", source: "buffer", tile: [8, 2] }, { splits: 0 }, {
    splits: 1,
  }];
  return new Tensor({
    op: "conv2d",
    shape: right.shape,
    inputs: [x, w],
    kernels: (_output, device) => {
      const plan = right.definition.kernels?.(right, device) ?? { calls: [] };
      const { splits } = device.schedule ?? {};
      if (splits === undefined) return plan;
      return { calls: splits === 0 ? [] : plan.calls.map((call) => ({ ...call, workgroups: [1, 1, 1] })) };
    },
    tunable: { shapeClass: "injected", candidates: () => candidates, trial: withWrongSchedules },
  });
}

const operands = (channels: number) =>
  [
    input("x", [2, channels, 32, 48]),
    input("w", [channels, channels, 1, 1], { layout: "convolution" }),
  ] as const;

Deno.test("tune() shows wrong schedules as wrong, and none of them wins however fast it is", async () => {
  using gpu = await Gpu.open();
  const { problems: [problem], left } = await tune(gpu, tuningProblems([withWrongSchedules(...operands(64))]), {
    minutes: 10,
  });
  assert(problem !== undefined);
  assertEquals(left, []);
  const wrong = problem.ranking.filter(({ right }) => !right);
  assertEquals(wrong.map(({ schedule }) => schedule).sort(), ["splits 0", "splits 1"]);
  for (const { error, milliseconds } of wrong) {
    assertEquals(milliseconds, null);
    assertGreater(error ?? Infinity, tolerance);
  }
  assertEquals(problem.ranking.slice(-2).map(({ right }) => right), [false, false]);
  assert(["default", "registers buffer 8×2"].includes(problem.winner), problem.winner);
});

Deno.test("tune() stops when its time is over and says what is left", async () => {
  using gpu = await Gpu.open();
  const y = conv2d(...operands(8));
  const problems = tuningProblems([y, ...gradients(y, y.inputs, input("dy", y.shape))]);
  assertEquals(problems.length, 3);
  const started = performance.now();
  const none = await tune(gpu, problems, { minutes: 0 });
  assertEquals([none.problems.length, none.left.length], [0, 3]);
  assert(performance.now() - started < 5000);

  // Those without a schedule come first.
  const known = new Map(problems.slice(0, 2).map(({ tunable }) => [tunable.shapeClass, "default"]));
  assertEquals((await tune(gpu, problems, { minutes: 0, known })).left[0], problems[2]?.tunable.shapeClass);
});

Deno.test("tuningProblems() counts the launches of a shape class", () => {
  const [x, w] = operands(8);
  const y = conv2d(conv2d(x, w), w);
  const counted = tuningProblems([y]).map(({ tunable, count }) => [tunable.shapeClass, count]);
  assertEquals(counted, [["conv2d forward 8→8 1×1, 4096 pixels", 2]]);
});

Deno.test("tuneInto() writes winners into the table, and leaves what it does not tune", () =>
  inTemporaryFolder(async (folder) => {
    using gpu = await Gpu.open();
    const table = join(folder, "cache", "table.json");
    writeTable(table, "adapter", new Map([["another class", "kept"]]));
    const said: string[] = [];
    const options = { adapter: "adapter", table, minutes: 10, say: (text: string) => said.push(text) };
    const { problems: [problem] } = await tuneInto(gpu, tuningProblems([conv2d(...operands(8))]), options);
    assert(problem !== undefined);
    const shapeClass = "conv2d forward 8→8 1×1, 4096 pixels";
    assertEquals(JSON.parse(Deno.readTextFileSync(table)), {
      version: 1,
      adapter: "adapter",
      schedules: { "another class": "kept", [shapeClass]: problem.winner },
    });
    assertStringIncludes(said[0] ?? "", shapeClass);
    assertStringIncludes(said[0] ?? "", `→ ${problem.winner}`);
  }));

Deno.test("tune --json prints one object and nothing else, and without time keeps nothing", async () => {
  const { code, stdout } = await crosswalk("tune", "--json", "--model", "deeplab-nano", "--minutes", "0");
  const report = JSON.parse(stdout);
  assertEquals([code, report.problems], [0, []]);
  assertGreater(report.left.length, 10);
  assertEquals(stdout.trimEnd().split("\n").length, 1);
});

Deno.test("networkTensors() asks the model for the channels of its images and for its parameter groups", async () => {
  using gpu = await Gpu.open();
  const scanner: Model = {
    name: "scanner",
    description: "one convolution on five float channels",
    takes: floatChannels(5),
    sizeMultiple: 1,
    alignCorners: true,
    groups: [{ name: "weights" }, { name: "biases", rate: 2 }],
    logits: (images, scope, { classes }) =>
      convBias(images, scope, "end", {
        ...{ channels: classes, kernel: 3, deviation: 0.1, group: "weights", biasGroup: "biases" },
      }),
  };
  const problems = tuningProblems(networkTensors(gpu, scanner, { batch: 2, height: 9, width: 11, classes: 7 }));
  const classes = problems.map(({ tunable }) => tunable.shapeClass);
  assert(classes.some((name) => name.startsWith("conv2d forward 5→7 3×3")), classes.join());
});
