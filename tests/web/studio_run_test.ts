/** What the studio shows follows from the Worker's messages alone, so that it can be tested without a page. */

import { assertEquals } from "@std/assert";
import type { AdaptEvent } from "../../src/web/adapt_messages.ts";
import { afterEvent, emptyRun, type PageEvent, type RunView } from "../../src/web/studio_run.ts";

const run = { began: 1, isFinished: false, images: ["a.png", "b.png"] };

function after(events: readonly (AdaptEvent | PageEvent)[], from: RunView = emptyRun): RunView {
  return events.reduce((view, event, index) => afterEvent(view, event, 1000 * index), from);
}

function loss(stage: string, step: number, value: number): AdaptEvent {
  return { type: "log", entry: { stage, step, loss: value } };
}

Deno.test("a run goes from its start by pauses to its end", () => {
  const phases = (events: readonly (AdaptEvent | PageEvent)[]) => after(events).phase;
  assertEquals(phases([{ type: "kept", run: null }]), "none");
  assertEquals(phases([{ type: "kept", run }]), "kept");
  assertEquals(phases([{ type: "kept", run: { ...run, isFinished: true } }]), "finished");
  assertEquals(phases([{ type: "began", run, adapter: "one", rounds: [] }]), "running");
  assertEquals(phases([{ type: "phase", phase: "pausing" }, { type: "paused" }]), "paused");
  const failed = after([{ type: "began", run, adapter: "one", rounds: [] }, {
    type: "error",
    reason: "lost",
    text: "Gone",
  }]);
  assertEquals([failed.phase, failed.error?.text, failed.run], ["failed", "Gone", run]);
  // What a resumed run says of the past must not be shown twice.
  const again = after([{ type: "phase", phase: "starting" }], after([loss("source", 0, 2)], failed));
  assertEquals([again.phase, again.error, again.losses.size, again.run], ["starting", null, 0, run]);
});

Deno.test("the time that is left follows from the pace since a stage was first heard of", () => {
  const progress = (stage: string, done: number): AdaptEvent => ({ type: "progress", stage, done, total: 100 });
  assertEquals(after([progress("a", 10)]).stage?.secondsLeft, null);
  assertEquals(after([progress("a", 10), progress("a", 20)]).stage?.secondsLeft, 8);
  assertEquals(after([progress("a", 10), progress("a", 20), progress("b", 0)]).stage?.secondsLeft, null);
});

Deno.test("losses are kept by stage, thinned, and those of steps that are done again give way", () => {
  const events = Array.from({ length: 1000 }, (_, step) => loss("source", step, step));
  const points = after(events).losses.get("source") ?? [];
  assertEquals([points[0], points.at(-1), points.length <= 400], [[0, 0], [999, 999], true]);
  const again = after([loss("source", 0, 3), loss("source", 1, 2), loss("source", 2, 1), loss("source", 1, 9)]);
  assertEquals(again.losses.get("source"), [[0, 3], [1, 9]]);
});

Deno.test("thresholds of a round replace those of an interrupted labelling of it; other entries are no thresholds", () => {
  const labelling = (round: number, lambda: unknown): AdaptEvent => ({
    type: "log",
    entry: { stage: `round ${round}: labelling`, lambda, labelled: [3, 1], precision: [0.5, null] },
  });
  const { rounds } = after([labelling(1, [0.1, 0.2]), labelling(2, [0.3, 0.4]), labelling(2, [0.5, 0.6])]);
  assertEquals(rounds.map(({ round, lambda }) => [round, lambda]), [[1, [0.1, 0.2]], [2, [0.5, 0.6]]]);
  assertEquals(rounds[0]?.precision, [0.5, null]);
  assertEquals(after([labelling(1, "damaged"), { type: "log", entry: { stage: "round 1", miou: 1 } }]).rounds, []);
});

Deno.test("only the newest pseudo-labels are held", () => {
  const picture = { height: 1, width: 1, pixels: new Uint8Array(4), labels: new Uint8Array(1) };
  const events = Array.from({ length: 30 }, (_, index): AdaptEvent => ({
    ...{ type: "labels", round: 1, index, picture: { ...picture, name: `${index}` } },
  }));
  const { pictures } = after(events);
  assertEquals([pictures[0]?.name, pictures.length], ["29", 12]);
  // A run that goes on tells them again, and a round labels each image anew: an image is shown once.
  const again = after([...events.slice(20), ...events.slice(20)]).pictures.map(({ name }) => name);
  assertEquals(again, Array.from({ length: 10 }, (_, index) => `${29 - index}`));
});
