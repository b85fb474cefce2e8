/** What went wrong in a run is said, with its likely cause and what to try; what went well as well. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ReportRound, ReportScores } from "../../../src/report/page/data.ts";
import { type FindingParts, findingsOf } from "../../../src/run/report/findings.ts";
import { scoreConfusion } from "../../../src/metrics/confusion.ts";

const classes = ["road", "sky", "car"].map((name) => ({ name, color: [0, 0, 0] as const }));

function scores(name: ReportScores["name"], confusion: number[][]): ReportScores {
  const { iou, miou, pixelAccuracy } = scoreConfusion(confusion.flat());
  return { name, miou, iou, pixelAccuracy, images: 1, confusion, others: [] };
}

function round(number: number, found: Partial<ReportRound> = {}): ReportRound {
  return {
    ...{ round: number, portion: 0.2, miou: null, lambda: [0.9, 0.9, 0.9], labelled: [200, 200, 200] },
    ...{ predicted: [1000, 1000, 1000], precision: [0.9, 0.9, 0.9], recall: [0.2, 0.2, 0.2], ...found },
  };
}

const good = [[90, 5, 5], [5, 90, 5], [5, 5, 90]];
const better = [[96, 2, 2], [2, 96, 2], [2, 2, 96]];

function findings(parts: Partial<FindingParts>): [string, string, string | null][] {
  const all = findingsOf({
    ...{ kind: "adapt", isFinished: true, settings: { "spatial-prior": false, mining: "off", policy: "cbst" } },
    ...{ classes, labelClasses: classes, stopped: null, best: null },
    ...{ scores: [scores("before", good), scores("after", better)], rounds: [round(1), round(2)], ...parts },
  });
  return all.map(({ level, text, advice }) => [level, text, advice]);
}

Deno.test("a sound run is told to be one, with its gain", () => {
  const [[level, text, advice] = [], ...others] = findings({});
  assertEquals([level, advice, others], ["good", null, []]);
  assertMatch(
    text ?? "",
    /rose from 81\.8 % to 92\.3 %\. No class died or ran away, and none lost more than two points/,
  );
});

Deno.test("a class that loses is named, with the class that took its pixels", () => {
  const worse = [[96, 2, 2], [2, 96, 2], [40, 0, 60]];
  const found = findings({ scores: [scores("before", good), scores("after", worse)] });
  const [, text, advice] = found.find(([, text]) => text.includes('"car" lost')) ?? ["", "", ""];
  assertMatch(text, /from 81\.8 % to 57\.7 %. More of its pixels are now taken for "road"/);
  assertMatch(advice ?? "", /--spatial-prior.*--target-portion.*--source-images/);
  assert(!found.some(([, text]) => text.includes('"sky"')));
  // Two points and no more are not told.
  const hardly = [[96, 2, 2], [2, 96, 2], [6, 5, 89]];
  assertEquals(findings({ scores: [scores("before", good), scores("after", hardly)] }).map(([level]) => level), [
    "good",
  ]);
});

Deno.test("a class that dies or runs away comes first, and so does harm", () => {
  const dead = [[96, 2, 2], [2, 96, 2], [100, 0, 0]];
  const rounds = [round(1), round(2, { predicted: [2995, 1000, 5] })];
  const found = findings({
    scores: [scores("before", good), scores("round 1", better), scores("after", dead)],
    rounds,
  });
  const bad = found.filter(([level]) => level === "bad").map(([, text]) => text);
  assertMatch(bad[0] ?? "", /^Self-training did harm: the mean IoU fell from 81\.8 % to/);
  assertMatch(bad.join("\n"), /"car" dies: predicted from 33\.3 %.*to 0\.13 % in round 2/);
  assertMatch(bad.join("\n"), /"road" runs away/);
  assertMatch(bad.join("\n"), /"car" died: its IoU fell from 81\.8 % to 0\.0 %/);
  assertEquals(found.map(([level]) => level), found.map(([level]) => level).sort());
  assertMatch(found[0]?.[2] ?? "", /--stop-early/);
  const died = found.find(([, text]) => text.includes("dies"));
  assertMatch(died?.[2] ?? "", /--mining reference/);
});

Deno.test("thresholds that tell nothing, classes without a label and wrong labels are told", () => {
  const last = round(2, {
    ...{ lambda: [0.9, 0.4, 0.9], labelled: [200, 200, 0], precision: [0.9, 0.3, null] },
  });
  const texts = findings({ rounds: [round(1), last] }).map(([, text]) => text).join("\n");
  assertMatch(texts, /threshold of "sky" collapsed: in round 2/);
  assertMatch(texts, /"car" got no pseudo-label in round 2/);
  assertMatch(texts, /wrong for sky \(30\.0 % right\)/);
  // With a spatial prior scores are no probabilities.
  const settings = { "spatial-prior": true };
  assert(!findings({ rounds: [round(1), last], settings }).some(([, text]) => text.includes("collapsed")));
});

Deno.test("a run that a control run equals has gained nothing, and an evaluation tells what is never found", () => {
  const control = { ...scores("after", better), name: "control" as const };
  const found = findings({ scores: [scores("before", good), scores("after", better), control] });
  assertMatch(found[0]?.[1] ?? "", /^The pseudo-labels gained nothing: the control run/);
  const blind = [[96, 4, 0], [4, 96, 0], [50, 50, 0]];
  const evaluated = findings({ kind: "evaluate", scores: [scores("after", blind)], rounds: [] });
  assertEquals(evaluated.length, 1);
  assertMatch(evaluated[0]?.[1] ?? "", /does not find "car"/);
});
