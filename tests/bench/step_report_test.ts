import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type EngineRuns, stepReport } from "../../bench/step_report.ts";

const reference = { losses: [3, 2.5, 2], forward: { index: [0, 1], value: [10, -1] } };

/** Runs of an engine whose warm-up takes ten times as long. */
function engine(stepMs: number, forwardMs: number, more: Partial<EngineRuns> = {}): EngineRuns {
  return {
    stepTimes: [10 * stepMs, stepMs, stepMs, stepMs],
    forwardTimes: [10 * forwardMs, forwardMs, forwardMs, forwardMs],
    losses: [3, 2.5, 2, 1.5],
    samples: [10, -1],
    ...more,
  };
}

function report(peers: Record<string, EngineRuns>, ours: EngineRuns = engine(100, 20)) {
  return stepReport(ours, new Map(Object.entries(peers)), reference, 5e9);
}

Deno.test("the ratios are those of the fastest peer that is right in the figure", () => {
  const peers = {
    fast: engine(200, 50, { losses: [3, 2.5, 2.1] }),
    slow: engine(900, 40, { samples: [10, -1.1] }),
  };
  assertEquals(report(peers), {
    ours: { stepMs: 100, forwardMs: 20, gflops: 50 },
    peers: {
      fast: { stepMs: 200, forwardMs: 50, correct: { step: false, forward: true } },
      slow: { stepMs: 900, forwardMs: 40, correct: { step: true, forward: false } },
    },
    ratio: { step: 9, forward: 2.5 },
  });
});

Deno.test("PyTorch on the CPU has a row of its own and is in no ratio", () => {
  const found = report({ pytorch: engine(10, 2), slow: engine(900, 40) });
  assertEquals(found.pytorch, { stepMs: 10, forwardMs: 2, correct: { step: true, forward: true } });
  assertEquals(Object.keys(found.peers), ["slow"]);
  assertEquals(found.ratio, { step: 9, forward: 2 });
  assertEquals(report({ pytorch: engine(10, 2, { samples: [10, 1] }) }).pytorch?.correct.forward, false);
});

Deno.test("no ratio rests on a warm-up alone", () => {
  const { peers, ratio } = report({ stopped: engine(900, 40, { forwardTimes: [400] }) });
  assertEquals(peers.stopped?.forwardMs, 400);
  assertEquals(ratio, { step: 9, forward: null });
});

Deno.test("a peer that is not there has no times, and no ratio comes of it", () => {
  const absent = { stepTimes: [], losses: [], forwardTimes: [], samples: null, error: "no adapter" };
  const { peers, ratio } = report({ absent });
  assertEquals(peers.absent, {
    stepMs: null,
    forwardMs: null,
    correct: { step: false, forward: false },
    error: "no adapter",
  });
  assertEquals(ratio, { step: null, forward: null });
  assertEquals(report({}).ratio, { step: null, forward: null });
});

Deno.test("a single run counts, and fewer losses than the reference's are judged as far as they go", () => {
  const { peers } = report({ once: engine(0, 0, { stepTimes: [700], losses: [3.001] }) });
  assertEquals(peers.once?.stepMs, 700);
  assertEquals(peers.once?.correct.step, true);
  assertEquals(report({ nan: engine(1, 1, { losses: [NaN] }) }).peers.nan?.correct.step, false);
});

Deno.test("the median of an even number of runs is the mean of the two in the middle", () => {
  const { ours } = report({}, engine(0, 0, { stepTimes: [999, 4, 1, 3, 2], forwardTimes: [9, 1] }));
  assertAlmostEquals(ours.stepMs, 2.5);
  assertAlmostEquals(ours.forwardMs, 1);
});

Deno.test("wrong results of our own are an error, not a time", () => {
  assertThrows(() => report({}, engine(1, 1, { losses: [3, 2.5, 2.01] })), Error, "The reference step is wrong");
  assertThrows(() => report({}, engine(1, 1, { samples: [10, -0.9] })), Error, "The logits of the reference network");
});
