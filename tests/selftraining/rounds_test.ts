import { assertAlmostEquals, assertEquals } from "@std/assert";
import { planRounds, type RoundSettings } from "../../src/selftraining/rounds.ts";

const settings: RoundSettings = {
  ...{ seed: 5, rounds: 3, epochs: 2, sourceChoice: "nested", portionRule: "crst", rateDecay: "sqrt2" },
  targetPortion: { initial: 0.2, step: 0.05, maximum: 0.27 },
  sourcePortion: { initial: 0.1, step: 0.1, maximum: 1 },
  learningRates: [0.4],
};
const images = { source: 40, target: 10 };

Deno.test("rounds grow: portions, source images and with them the steps; the rate shrinks", () => {
  const plans = planRounds(settings, images, 4);
  assertEquals(plans.map(({ round, portion }) => [round, portion]), [[1, 0.2], [2, 0.25], [3, 0.27]]);
  const ofDomain = (wanted: string) => plans.map(({ items }) => items.filter(({ domain }) => domain === wanted).length);
  assertEquals([ofDomain("source"), ofDomain("target")], [[4, 8, 12], [10, 10, 10]]);
  // ⌊(source + target) · epochs / crops⌋.
  assertEquals(plans.map(({ steps }) => steps), [7, 9, 11]);
  for (const { round, learningRate } of plans) assertAlmostEquals(learningRate, 0.4 / 2 ** ((round - 1) / 2), 1e-12);
});

Deno.test("a control run trains on source images only, fixed numbers and rates are taken as they are", () => {
  const given = { ...settings, sourcePortion: { images: 6 }, targetImages: 3, learningRates: [3, 2] };
  const plans = planRounds(given, images, 4);
  assertEquals(plans.map(({ items, learningRate }) => [items.length, learningRate]), [[9, 3], [9, 2], [9, 2]]);
  const control = planRounds({ ...given, control: true }, images, 100);
  assertEquals(control.map(({ items, steps }) => [items.length, steps]), [[6, 1], [6, 1], [6, 1]]);
  assertEquals(control.flatMap(({ items }) => items).some(({ domain }) => domain === "target"), false);
});

Deno.test("a round that trains on more images than there are takes them several times, source and target", () => {
  const given = { ...settings, epochs: 1, sourcePortion: { images: 80 }, targetImages: 25, repeatImages: true };
  for (const { items, steps } of planRounds(given, images, 4)) {
    assertEquals([items.length, steps], [105, 26]);
    const times = (domain: string, index: number) =>
      items.filter((item) => item.domain === domain && item.index === index).length;
    const counts = Array.from({ length: images.target }, (_, index) => times("target", index));
    assertEquals(counts.toSorted((a, b) => a - b), [2, 2, 2, 2, 2, 3, 3, 3, 3, 3]);
    for (let index = 0; index < images.source; index++) assertEquals(times("source", index), 2);
  }
  assertEquals(planRounds({ ...given, repeatImages: false }, images, 4).map(({ items }) => items.length), [50, 50, 50]);
});
