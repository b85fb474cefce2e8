/** A batch that is larger than a binding is projected in slices of whole scans, with the same result. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { kittiSensor, nuscenesSensor } from "../../../src/data/scans/sensor.ts";
import { planProgram } from "../../../src/graph/program_plan.ts";
import { input } from "../../../src/graph/tensor.ts";
import { pointLabels } from "../../../src/ops/scans/point_labels.ts";
import { projectScans } from "../../../src/ops/scans/project_scans.ts";
import { rangeChannels } from "../../../src/ops/scans/range_channels.ts";
import { testGpu } from "../harness.ts";
import { randomScan, runScans, type ScanInputs } from "./scans.ts";

const size = { height: 5, width: 30 };
const capacity = 401;
const scans = [1, 2, 3, 4, 5].map((seed) => randomScan(seed % 2 === 0 ? kittiSensor : nuscenesSensor, 80 * seed, seed));

const build = ({ points, geometry }: ScanInputs) => {
  const winner = projectScans(points, geometry, size);
  const labels = input("labels", [scans.length, capacity], { dtype: "u8", layout: "plain" });
  const channels = rangeChannels(points, winner, geometry, { channels: 6, scaling: "scaled" });
  return { winner, channels, labels: pointLabels(labels, winner) };
};

Deno.test("projectScans(), rangeChannels() and pointLabels() are the same in slices", async () => {
  const labels = Uint8Array.from({ length: Math.ceil(scans.length * capacity / 4) * 4 }, (_, index) => index % 20);
  const whole = await runScans({ scans, size, capacity }, build, { labels });
  for (const maxBindingBytes of [33_000, 17_000, 8_100]) {
    const traits = { software: true, maxBindingBytes };
    const sliced = await runScans({ scans, size, capacity, traits }, build, { labels });
    assertEquals(sliced, whole, `at most ${maxBindingBytes} bytes a binding`);
  }
});

Deno.test("a scan that is larger than a binding is refused before anything is allocated", async () => {
  const points = input("points", [2, 5 * capacity], { dtype: "u32", layout: "plain" });
  const winner = projectScans(points, input("geometry", [2, 28], { layout: "plain" }), size);
  const traits = { software: true, maxBindingBytes: 4000 };
  const { memory } = planProgram(await testGpu(), { outputs: { winner }, traits });
  assertStringIncludes(memory.unbindable ?? "", "(projectScans)");
});
