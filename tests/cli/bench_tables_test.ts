import { assertEquals } from "@std/assert";
import { forwardFlops, stepFlops } from "../../bench/reference_data.ts";
import { stepTable } from "../../src/cli/bench_tables.ts";

Deno.test("the table of engines has each one's times, throughput, share of the peak and verdict", () => {
  const both = { step: true, forward: true };
  const report = {
    ours: { stepMs: stepFlops / 50e6, forwardMs: forwardFlops / 40e6, gflops: 50 },
    peers: {
      tfjs: { stepMs: stepFlops / 5e6, forwardMs: forwardFlops / 4e6, correct: both },
      jax: { stepMs: stepFlops / 10e6, forwardMs: null, correct: { step: false, forward: false } },
      ort: { stepMs: null, forwardMs: null, correct: { step: false, forward: false }, error: "it does not start" },
    },
    pytorch: { stepMs: stepFlops / 100e6, forwardMs: forwardFlops / 200e6, correct: both },
    ratio: { step: 10, forward: 10 },
  };
  const rows = stepTable(report, 100).split("\n").map((line) => line.trim().split(/ {2,}/));
  const time = (flops: number, gflops: number) => `${(flops / gflops / 1e6).toFixed(0)} ms`;
  assertEquals(rows.slice(1), [
    [
      ...["ours", time(stepFlops, 50), "1.00×", "50.0", "50 %"],
      ...[time(forwardFlops, 40), "1.00×", "40.0", "40 %", "right"],
    ],
    [
      ...["tfjs", time(stepFlops, 5), "10.00×", "5.0", "5 %", time(forwardFlops, 4), "10.00×", "4.0", "4 %"],
      "step right, forward right",
    ],
    ["jax", time(stepFlops, 10), "5.00×", "10.0", "10 %", "–", "step WRONG, no forward"],
    ["ort", "–", "–", "it does not start"],
    [
      ...["PyTorch (CPU)", time(stepFlops, 100), "0.50×", "100.0", "100 %"],
      ...[time(forwardFlops, 200), "0.20×", "200.0", "200 %", "step right, forward right; in no ratio"],
    ],
  ]);
});
