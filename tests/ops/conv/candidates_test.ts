import { assert, assertEquals } from "@std/assert";
import { maxWorkgroupsPerDimension } from "../../../src/gpu/launch.ts";
import { pack } from "../../../src/graph/layout.ts";
import { Program } from "../../../src/graph/program.ts";
import { scheduledTraits, scheduleName } from "../../../src/graph/schedule.ts";
import { type DeviceTraits, input, type KernelCall, type Tensor } from "../../../src/graph/tensor.ts";
import { conv2d } from "../../../src/ops/conv/conv2d.ts";
import { depthwiseConv2d } from "../../../src/ops/conv/depthwise_conv2d.ts";
import type { ConvolutionOptions } from "../../../src/ops/conv/geometry.ts";
import { gradients } from "../../../src/ops/gradients.ts";
import { randomValues, size, testGpu } from "../harness.ts";

interface Case extends ConvolutionOptions {
  readonly name: string;
  readonly input: readonly number[];
  readonly weight: readonly number[];
}

/**
 * Few channels. The large tiles of software adapters take a driver seconds to compile; with few channels they are
 * narrowed.
 */
const narrow: Case[] = [
  { name: "a narrow 3×3 kernel on odd sides", input: [2, 3, 7, 5], weight: [4, 3, 3, 3], padding: 1 },
  { name: "a narrow 3×2 kernel with stride 2", input: [1, 3, 9, 8], weight: [7, 3, 3, 2], padding: 1, stride: 2 },
  { name: "a depthwise kernel", input: [2, 9, 13, 11], weight: [9, 1, 3, 3], padding: 1 },
];
const wide: Case[] = [
  { name: "a 1×1 kernel", input: [1, 22, 15, 19], weight: [17, 22, 1, 1] },
  { name: "stride 2 and a 3×2 kernel", input: [2, 10, 13, 12], weight: [11, 10, 3, 2], padding: 1, stride: 2 },
  { name: "a long sum", input: [1, 516, 5, 4], weight: [5, 516, 2, 1] },
  { name: "dilation 2", input: [1, 16, 11, 14], weight: [18, 16, 3, 3], padding: 2, dilation: 2 },
  { name: "a depthwise kernel with stride 2", input: [1, 6, 14, 11], weight: [6, 1, 3, 3], padding: 1, stride: 2 },
];
const cases = [...narrow, ...wide];

/** A convolution and its two gradients. */
function directions({ input: shape, weight, name: _, ...options }: Case): Tensor[] {
  const isDepthwise = weight[1] === 1;
  const x = input("x", shape);
  const w = input("w", weight, { layout: isDepthwise ? "depthwise" : "convolution" });
  const y = isDepthwise ? depthwiseConv2d(x, w, options) : conv2d(x, w, options);
  return [y, ...gradients(y, [x, w], input("dy", y.shape))];
}

for (const software of [true, false]) {
  for (const one of software ? narrow : cases) {
    Deno.test(`every schedule of a convolution gives its result: ${one.name}, ${software ? "software" : "GPUs"}`, async () => {
      for (const tensor of directions(one)) {
        const expected = await compute(tensor, { software: false, direct: true });
        for (const schedule of tensor.definition.tunable?.candidates({ software }) ?? []) {
          const values = await compute(tensor, { software, schedule });
          const error = distance(values, expected);
          assert(error < 1e-5, `${tensor.op} by ${scheduleName(schedule)} differs by ${error}`);
        }
      }
    });
  }
}

Deno.test("every schedule of a problem has a name of its own", () => {
  for (const tensor of cases.flatMap(directions)) {
    for (const software of [true, false]) {
      const names = tensor.definition.tunable?.candidates({ software }).map(scheduleName) ?? ["default"];
      assertEquals(names.length, new Set(names).size);
      assertEquals(names[0], "default");
    }
  }
});

Deno.test("a shape class holds what is alike: batch and sides of about as many pixels, not another kernel or direction", () => {
  const classOf = (one: Omit<Case, "name">, direction = 0) =>
    directions({ name: "", ...one })[direction]?.definition.tunable?.shapeClass;
  const base = { input: [1, 16, 32, 32], weight: [8, 16, 3, 3], padding: 1 };
  assertEquals(classOf(base), "conv2d forward 16→8 3×3, 1024 pixels");
  assertEquals(classOf({ ...base, input: [2, 16, 23, 24] }), classOf(base));
  assertEquals(classOf({ ...base, dilation: 2, padding: 2 }), "conv2d forward 16→8 3×3 dilation 2, 1024 pixels");
  assertEquals(classOf({ ...base, stride: 2 }, 1), "conv2d inputGrad 16→8 3×3 stride 2, 256 pixels");
});

Deno.test("a table's schedule is taken where it is a candidate of the problem, else the rules decide", () => {
  const [y] = directions({ name: "", input: [1, 32, 64, 64], weight: [32, 32, 3, 3], padding: 1 });
  assert(y !== undefined);
  const first = (name: string, more: Partial<DeviceTraits> = {}) => {
    const tuning = new Map([["conv2d forward 32→32 3×3, 4096 pixels", name]]);
    const traits = scheduledTraits(y, { software: true, tuning, ...more });
    return y.definition.kernels?.(y, traits).calls[0];
  };
  const winograd = (call: KernelCall | undefined) => [call?.shader.name, call?.shader.includes?.TRANSFORMS];
  const [large, small] = ["4x4", "2x2"].map((tile) => ["winograd/winograd_input", `lib/winograd_${tile}.wgsl`]);
  assertEquals(winograd(first("default")), large);
  assertEquals(winograd(first("winograd registers texture 24×8")), large);
  assertEquals(winograd(first("winograd 2×2 registers texture 24×8")), small);
  const direct = first("direct registers buffer 16×4");
  assertEquals([direct?.shader.name, direct?.constants.TILE_PIXELS], ["conv/conv2d", 16]);
  assertEquals(direct?.shader.includes?.LEFT, "lib/left_buffer.wgsl");
  assertEquals(first("direct workgroup 64×16")?.shader.name, "product/product_workgroup");
  // No divisor of the eight vec4f of channels: it would leave some out.
  assertEquals(first("direct registers buffer 16×3")?.shader.name, "winograd/winograd_input");
  assertEquals(first("winograd registers buffer 16×4", { direct: true })?.shader.name, "conv/conv2d");
});

Deno.test("a schedule of more workgroups than one dimension takes is no candidate, and a table that names it decides nothing", () => {
  const name = "direct workgroup 16×16";
  const plan = (width: number, direction: number) => {
    const problem = { name: "", input: [2, 64, 512, width], weight: [64, 64, 3, 3], padding: 1 };
    const tensor = directions(problem)[direction];
    assert(tensor !== undefined);
    const { tunable, kernels } = tensor.definition;
    const { shapeClass = "", candidates = () => [] } = tunable ?? {};
    const own: DeviceTraits = { software: false };
    const traits = scheduledTraits(tensor, { ...own, tuning: new Map([[shapeClass, name]]) });
    return {
      shapeClass,
      names: candidates(own).map(scheduleName),
      schedule: traits.schedule && scheduleName(traits.schedule),
      workgroups: kernels?.(tensor, traits).calls.map(({ workgroups }) => workgroups),
      ownWorkgroups: kernels?.(tensor, own).calls.map(({ workgroups }) => workgroups),
    };
  };
  for (const direction of [0, 1]) {
    const [fitting, large] = [plan(1000, direction), plan(1024, direction)];
    assertEquals(fitting.shapeClass, large.shapeClass);
    assertEquals(fitting.schedule, name);
    assertEquals(fitting.workgroups, [[1, 64_000, 1]]);
    assert(!large.names.includes(name));
    assert(large.names.includes("direct workgroup 32×16"));
    assertEquals(large.schedule, undefined);
    assertEquals(large.workgroups, large.ownWorkgroups);
    for (const count of large.workgroups?.flat() ?? [Infinity]) assert(count <= maxWorkgroupsPerDimension);
  }
});

async function compute(tensor: Tensor, traits: DeviceTraits): Promise<Float32Array> {
  using program = await Program.compile(await testGpu(), { outputs: { result: tensor }, traits });
  for (const name of program.inputNames) {
    const { shape, layout } = program.inputTensor(name);
    program.write(name, pack(randomValues(size(shape), name), shape, layout));
  }
  program.run();
  return await program.read("result");
}

/** ‖a − b‖ / ‖b‖. */
function distance(a: Float32Array, b: Float32Array): number {
  const norm = (values: Iterable<number>) => Math.hypot(...values);
  return norm(a.map((value, index) => value - (b[index] ?? NaN))) / norm(b);
}
