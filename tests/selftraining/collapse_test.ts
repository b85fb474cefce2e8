import { assertEquals } from "@std/assert";
import { collapseText, collapseWarnings } from "../../src/selftraining/collapse.ts";

const classes = ["road", "car", "person"];

Deno.test("collapseWarnings() is silent while shares move a little", () => {
  assertEquals(collapseWarnings([[700, 250, 50]], classes), []);
  assertEquals(collapseWarnings([[700, 250, 50], [720, 240, 40]], classes), []);
});

Deno.test("collapseWarnings() names the class that runs away and the one that dies", () => {
  const warnings = collapseWarnings([[850, 100, 50], [500, 495, 5]], classes);
  assertEquals(warnings, [
    { className: "car", kind: "runs away", firstShare: 0.1, firstRound: 1, share: 0.495, round: 2 },
    { className: "person", kind: "dies", firstShare: 0.05, firstRound: 1, share: 0.005, round: 2 },
  ]);
  assertEquals(warnings.map(collapseText), [
    'The class "car" runs away: predicted from 10.0 % of the target\'s pixels in round 1 to 49.5 % in round 2',
    'The class "person" dies: predicted from 5.0 % of the target\'s pixels in round 1 to 0.50 % in round 2',
  ]);
});

Deno.test("collapseWarnings() counts the rounds of a run that goes on from another as that one did", () => {
  const [warning] = collapseWarnings([[850, 100, 50], [500, 495, 5]], classes, 4);
  assertEquals([warning?.firstRound, warning?.round], [4, 5]);
});

Deno.test("collapseWarnings() names a class that was large already and swallows the others", () => {
  const road = { className: "road", kind: "runs away", firstShare: 0.55, firstRound: 1, round: 2 } as const;
  assertEquals(collapseWarnings([[550, 350, 100], [850, 110, 40]], classes), [{ ...road, share: 0.85 }]);
  assertEquals(collapseWarnings([[550, 350, 100], [1000, 0, 0]], classes)[0], { ...road, share: 1 });
});
