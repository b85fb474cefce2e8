import { assertAlmostEquals, assertEquals } from "@std/assert";
import { linearScale, logScale } from "../../src/report/axes.ts";

Deno.test("a logarithmic scale gives every decade the same room and has ticks at 1, 2 and 5", () => {
  const scale = logScale(0.1, 1000, 0, 400);
  assertAlmostEquals(scale.place(0.1), 0);
  assertAlmostEquals(scale.place(1), 100);
  assertAlmostEquals(scale.place(1000), 400);
  const labels = scale.ticks.map(({ label }) => label);
  assertEquals(labels.join(" "), "0.1 0.2 0.5 1 2 5 10 20 50 100 200 500 1000");
});

Deno.test("a linear scale starts at 0, ends at a round number and may run upwards", () => {
  const scale = linearScale(7, 200, 100);
  assertEquals(scale.ticks.map(({ value }) => value), [0, 2, 4, 6, 8]);
  assertEquals([scale.place(0), scale.place(4), scale.place(8)], [200, 150, 100]);
  assertEquals(linearScale(4, 0, 1).ticks.map(({ label }) => label).join(" "), "0 1 2 3 4");
  assertEquals(linearScale(0.13, 0, 1).ticks.map(({ label }) => label).join(" "), "0 0.05 0.1 0.15");
});
