import { assertEquals, assertThrows } from "@std/assert";
import { readFileSync } from "node:fs";
import { portions, roundLearningRates, sourceImageCounts } from "../../src/selftraining/portions.ts";
import { testWithShared } from "../shared.ts";

const TARGET = { initial: 0.2, step: 0.05, maximum: 0.5 };
const SOURCE = { initial: 0.03, step: 0.0025, maximum: 0.06 };

testWithShared("portions, image counts and learning rates are those of both released programs", [
  "vectors/schedules.json",
], (path) => {
  const expected = JSON.parse(readFileSync(path ?? "", "utf8"));
  assertEquals(portions(TARGET, 12), expected.crst_rule_target_12_rounds);
  assertEquals(portions(TARGET, 12, "mxnet"), expected.mxnet_rule_target_12_rounds);
  const cases = [
    ["crst_gta", "crst", 3, TARGET, SOURCE, 19984, 5e-5, "constant"],
    ["mxnet_gta", "mxnet", 6, { ...TARGET, initial: 0.15 }, SOURCE, 24966, 1e-4, "sqrt2"],
    ["mxnet_synthia", "mxnet", 6, TARGET, { ...SOURCE, initial: 0.02 }, 9400, 1e-4, "sqrt2"],
  ] as const;
  for (const [name, rule, rounds, target, source, imageCount, learningRate, policy] of cases) {
    assertEquals(portions(target, rounds, rule), expected[name].target, name);
    const shares = portions(source, rounds, rule);
    assertEquals(shares, expected[name].source, name);
    assertEquals(sourceImageCounts(imageCount, shares), expected[name].source_images, name);
    assertEquals(roundLearningRates(learningRate, rounds, policy), expected[name].lr, name);
  }
});

Deno.test("portions() stays at the maximum by rule crst and may pass it once by rule mxnet", () => {
  assertEquals(portions({ initial: 0.3, step: 0.3, maximum: 0.5 }, 3), [0.3, 0.5, 0.5]);
  assertEquals(portions({ initial: 0.3, step: 0.3, maximum: 0.5 }, 3, "mxnet"), [0.3, 0.6, 0.6]);
  assertEquals(portions({ initial: 0, step: 0, maximum: 1 }, 2), [0, 0]);
  assertEquals(portions(TARGET, 0), []);
});

Deno.test("portions() refuses what is not a share", () => {
  assertThrows(
    () => portions({ ...TARGET, initial: 20 }, 3),
    RangeError,
    "The initial portion is 20, expected a share",
  );
  assertThrows(() => portions({ ...TARGET, maximum: NaN }, 3), RangeError, "maximum portion is NaN");
  assertThrows(() => portions({ ...TARGET, step: -0.1 }, 3), RangeError, "cannot grow by -0.1");
});

Deno.test("sourceImageCounts() takes at least one image of a small set, none at portion 0", () => {
  assertEquals(sourceImageCounts(5, [0.03, 0.4, 0, 1]), [1, 2, 0, 5]);
});
