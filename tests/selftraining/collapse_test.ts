import { assertEquals, assertStringIncludes } from "@std/assert";
import { collapseWarnings } from "../../src/selftraining/collapse.ts";

const classes = ["road", "car", "person"];

Deno.test("collapseWarnings() is silent while shares move a little", () => {
  assertEquals(collapseWarnings([[700, 250, 50]], classes), []);
  assertEquals(collapseWarnings([[700, 250, 50], [720, 240, 40]], classes), []);
});

Deno.test("collapseWarnings() names the class that runs away and the one that dies", () => {
  const [runaway = "", dying = "", ...rest] = collapseWarnings([[850, 100, 50], [500, 495, 5]], classes);
  assertStringIncludes(runaway, '"car" runs away: predicted from 10.0 %');
  assertStringIncludes(dying, '"person" dies: predicted from 5.0 %');
  assertEquals(rest, []);
});

Deno.test("collapseWarnings() names a class that was large already and swallows the others", () => {
  const [runaway = "", ...rest] = collapseWarnings([[550, 350, 100], [850, 110, 40]], classes);
  assertStringIncludes(runaway, '"road" runs away: predicted from 55.0 %');
  assertEquals(rest, []);
  assertStringIncludes(collapseWarnings([[550, 350, 100], [1000, 0, 0]], classes)[0] ?? "", "100.0 %");
});
