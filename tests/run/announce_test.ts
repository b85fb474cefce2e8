import { assertEquals, assertMatch } from "@std/assert";
import { recipeTexts, workText } from "../../src/run/announce.ts";
import type { RoundSettings } from "../../src/selftraining/rounds.ts";
import { resolveSettings, type Values } from "../../src/settings/settings.ts";

const rounds: RoundSettings = {
  ...{ seed: 0, rounds: 3, epochs: 1, sourcePortion: { images: 80 }, targetImages: 240, repeatImages: true },
  targetPortion: { initial: 0.2, step: 0.05, maximum: 0.5 },
  ...{ sourceChoice: "redrawn", portionRule: "crst", learningRates: [1], rateDecay: "sqrt2" },
};

function texts(given: Values, planned: RoundSettings | null = rounds): string[] {
  return recipeTexts(resolveSettings(planned === null ? "train" : "adapt", given), {
    sourceSteps: 1500,
    rounds: planned,
  });
}

Deno.test("a run names its recipe, and what to change for more speed and better labels", () => {
  assertEquals(texts({ source: "a", target: "b" }), [
    "recipe: the defaults, made for a few hundred images",
    "faster: --source-images 40 --target-images 120; better: --epochs 2 (twice the steps), " +
    "or --flip --scales 0.75,1,1.25 (labels from six views)",
  ]);
  const work = { sourceSteps: 1500, rounds };
  const [, ofScans = ""] = recipeTexts(resolveSettings("adapt", { source: "a", target: "b" }), work, true);
  assertMatch(ofScans, /or --flip \(labels from two views\)$/);
  assertEquals(texts({ source: "a", target: "b", config: "my.yaml" })[0], "recipe: my.yaml");
  assertEquals(texts({})[0], "recipe: that of the built-in towns");
  assertEquals(texts({ source: "a" }, null)[1], "faster: --source-steps 750; better: --source-steps 3000");
});

Deno.test("a run says how many images it trains on and adapts to, and its steps", () => {
  assertEquals(
    workText({ source: 4, target: 36 }, { sourceSteps: 300, rounds: 2, roundSteps: 42 }),
    "4 source and 36 target images: 300 steps of source training, then 2 rounds of self-training (42 steps)",
  );
  // A training on the source has no target.
  assertEquals(
    workText({ source: 6 }, { sourceSteps: 1, rounds: 0, roundSteps: 0 }, true),
    "6 source scans: 1 step of source training",
  );
  assertEquals(
    workText({ source: 1, target: 1 }, { sourceSteps: 0, rounds: 1, roundSteps: 1 }, true),
    "1 source and 1 target scan: 1 round of self-training (1 step)",
  );
});

Deno.test("what is said to be faster is less than what the run does", () => {
  const { targetImages: _, ...all } = rounds;
  assertMatch(texts({}, { ...rounds, epochs: 5 })[1] ?? "", /^faster: --epochs 2; better: --epochs 10 /);
  assertMatch(texts({}, all)[1] ?? "", /^faster: --rounds 2;/);
});
