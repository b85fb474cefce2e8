import { assertEquals } from "@std/assert";
import type { ShownStage } from "../../../src/run/live/events.ts";
import { runSecondsLeft } from "../../../src/run/live/time_left.ts";

const plan = {
  stages: [{ stage: "source", steps: 100 }, { stage: "round 1", steps: 40 }, { stage: "round 2", steps: 60 }],
  images: { source: 30, target: 20, evaluation: 10 },
};

function stage(name: string, total: number, more: Partial<ShownStage>): ShownStage {
  const units = { unit: "images", perStep: 1 };
  return { name, total, done: 0, units, seconds: 0, secondsLeft: null, isDone: false, ...more };
}

Deno.test("the time left of a run is that of the stages to come, each at the pace of its kind", () => {
  const source = stage("source: training", 100, { done: 50, seconds: 100, secondsLeft: 100 });
  // Only training has a pace: 2 s a step.
  assertEquals(runSecondsLeft(plan, [source]), 100 + 2 * (40 + 60));
  const done = [
    { ...source, done: 100, seconds: 200, secondsLeft: null, isDone: true },
    stage("source: evaluation", 10, { done: 10, seconds: 5, isDone: true }),
    stage("source: agreement", 20, { done: 20, seconds: 20, isDone: true }),
    stage("round 1: labelling", 20, { done: 10, seconds: 15, secondsLeft: 15 }),
  ];
  const afterRound = 10 * 0.5 + 20 * 1;
  assertEquals(runSecondsLeft(plan, done), 15 + 2 * 40 + afterRound + 20 * 1.5 + 2 * 60 + afterRound);
});

Deno.test("the time left is not known before the first pace, and in stages that were not planned", () => {
  assertEquals(runSecondsLeft(plan, []), null);
  assertEquals(runSecondsLeft(plan, [stage("source: training", 100, {})]), null);
  assertEquals(runSecondsLeft(plan, [stage("drawing the towns", 9, { done: 4, secondsLeft: 5 })]), null);
});

Deno.test("after the last stage nothing is left", () => {
  const last = stage("round 2: agreement", 20, { done: 20, seconds: 10, isDone: true });
  assertEquals(runSecondsLeft(plan, [last]), 0);
});
