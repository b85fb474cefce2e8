import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describeMachine, submissionText } from "../../bench/submit.ts";

const row = {
  ...{ milliseconds: 2, gflops: null, gigabytesPerSecond: 4, shareOfPeak: 0.5, flops: 3e6, bytes: 8e6 },
  ...{ peers: {}, pytorch: null, ratio: null },
};

Deno.test("the block of --submit holds the machine, the peaks, the reference workload and every kernel", () => {
  const kernels = [
    { ...row, kernel: "conv 3×3", direction: "forward", gflops: 1.5 },
    { ...row, kernel: "conv 3×3", direction: "dx" },
    { ...row, kernel: "a|b", direction: "forward" },
  ];
  const block = submissionText({
    machine: [["adapter", "card"], ["Deno", "2.9"]],
    peaks: { gflops: 1000, gigabytesPerSecond: 100 },
    kernels,
    step: { stepMs: 123.5, forwardMs: 45.6, gflops: 900 },
    memory: { stepBytes: 2 ** 28, lowerBoundBytes: 2 ** 27, overLowerBound: 1.08, tfjsBytes: null, overTfjs: null },
  });
  const lines = [
    "| adapter | card |",
    "| Deno | 2.9 |",
    "| multiply-add peak | 1000.0 GFLOP/s |",
    "| copy peak | 100.0 GB/s |",
    "| reference step | 123.5 ms, 900.0 GFLOP/s |",
    "| reference inference | 45.6 ms |",
    "| memory of the step | 256.0 MiB, 1.08 of the least possible |",
    "| conv 3×3 | forward | 2.000 | 1.5 | 4.0 | 50 % |",
    "| conv 3×3 | dx | 2.000 | 1.5 | 4.0 | 50 % |",
    "| a\\|b | forward | 2.000 | 1.5 | 4.0 | 50 % |",
  ];
  for (const line of lines) assertStringIncludes(block, line);
  // Two tables, each with a header and a line of dashes under it, and nothing but rows of their width.
  const tables = block.split("\n\n").slice(1).map((table) => table.split("\n"));
  assertEquals(tables.map(({ length }) => length), [2 + 7, 2 + kernels.length]);
  for (const [header = "", dashes = ""] of tables) assertEquals(dashes, header.replaceAll(/[^|]+/g, " --- "));
});

Deno.test("the machine's description names adapter, driver, backend, limits, features and versions, but no path", async () => {
  const machine = new Map(await describeMachine("1"));
  for (
    const name of [
      ...["adapter", "driver", "backend", "Crosswalk", "Deno", "system", "maxStorageBufferBindingSize"],
      ...["maxComputeWorkgroupStorageSize", "subgroups", "shader-f16", "timestamp-query"],
    ]
  ) assert(machine.get(name), name);
  assertEquals(machine.get("Deno"), Deno.version.deno);
  assert([...machine.values()].every((value) => !/\/(usr|home|root|tmp)\//.test(value)));
});
