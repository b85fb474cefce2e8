import { assert, assertEquals, assertThrows } from "@std/assert";
import { Gpu } from "../../src/gpu/gpu.ts";
import { type Dispatch, grid } from "../../src/gpu/launch.ts";
import type { SubmissionTime } from "../../src/gpu/submission_times.ts";

const text = `
const FACTOR: u32 = 2u;
@group(0) @binding(0) var<storage, read_write> values: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  for (var i = 0u; i < 1000u; i++) { values[id.x] = values[id.x] * FACTOR + 1u; }
}`;
const count = 64 * 64;

function launch(gpu: Gpu, buffer: GPUBuffer, name: string, factor: number): Promise<Dispatch> {
  return gpu.dispatch({ name, text }, { FACTOR: factor }, [buffer], grid(count, 64));
}

Deno.test("submissions can be timed, with each launch or as a whole, and compute the same", async () => {
  using gpu = await Gpu.open();
  if (!gpu.hasTimestamps) {
    return void assertThrows(() => gpu.timeSubmissions(() => ({ isSampled: true, take() {} })), Error, "no timestamp");
  }
  const plain = gpu.createBuffer(count * 4, "plain");
  gpu.submit([await launch(gpu, plain, "double", 2), await launch(gpu, plain, "triple", 3)]);

  const timed = gpu.createBuffer(count * 4, "timed");
  const asked: (readonly string[])[] = [];
  const times: SubmissionTime[] = [];
  gpu.timeSubmissions((kernels) => {
    asked.push(kernels);
    return { isSampled: asked.length === 1, take: (time) => times.push(time) };
  });
  gpu.submit([await launch(gpu, timed, "double", 2)]);
  const copied = gpu.createBuffer(count * 4, "copied");
  gpu.submit([await launch(gpu, timed, "triple", 3)], [{
    from: { buffer: timed, offset: 0, size: count * 4 },
    to: copied,
    toOffset: 0,
  }]);
  const [expected, result, copy] = await gpu.read(plain, timed, copied);
  assertEquals([result, copy], [expected, expected]);
  assertEquals(times, [], "times were fetched without need");
  await gpu.collectTimes();

  assertEquals(asked, [["double"], ["triple"]]);
  const [first, second] = times;
  assert(first !== undefined && second !== undefined && times.length === 2);
  assert(second.seconds > 0 && second.launches === undefined);
  assertEquals(first.launches?.map(({ kernel }) => kernel), ["double"]);
  const [only] = first.launches ?? [];
  assert(only !== undefined && only.seconds > 0 && only.seconds <= first.seconds);
});

Deno.test("times are fetched along with a read when many wait", async () => {
  using gpu = await Gpu.open();
  if (!gpu.hasTimestamps) return;
  const buffer = gpu.createBuffer(count * 4, "values");
  let taken = 0;
  gpu.timeSubmissions(() => ({ isSampled: false, take: () => taken++ }));
  const dispatch = await launch(gpu, buffer, "double", 2);
  for (let run = 0; run < 40; run++) gpu.submit([dispatch]);
  await gpu.read(buffer);
  assertEquals(taken, 40);
});
