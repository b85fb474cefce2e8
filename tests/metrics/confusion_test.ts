import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { readFileSync } from "node:fs";
import { addConfusion, meanOf, scoreConfusion, scoreWithMisses } from "../../src/metrics/confusion.ts";
import { testWithShared } from "../shared.ts";

testWithShared(
  "scoreConfusion() gives the scores of the vectors under every rule",
  ["vectors/miou/miou.json"],
  (path) => {
    const expected = JSON.parse(readFileSync(path ?? "", "utf8"));
    const confusion = expected.confusion_rows_gt_columns_pred.flat();
    const scores = scoreConfusion(confusion);
    assertEquals(scores.iou, expected.iou_present);
    assertAlmostEquals(scores.miou ?? NaN, expected.miou_present, 1e-12);
    assertAlmostEquals(scores.pixelAccuracy ?? NaN, expected.pixel_accuracy, 1e-12);
    const zero = scoreConfusion(confusion, { absent: "zero" });
    assertEquals(zero.iou, expected.iou_crst);
    assertAlmostEquals(zero.miou ?? NaN, expected.miou_crst, 1e-12);
    assertAlmostEquals(
      meanOf(expected.subset.map((id: number) => scores.iou[id] ?? null)) ?? NaN,
      expected.miou_subset,
      1e-12,
    );
  },
);

Deno.test("scoreConfusion() has rows for the truth: accuracy per row, IoU the same either way", () => {
  // Two pixels of class 0 called 1, one of class 1 right.
  assertEquals(scoreConfusion([0, 2, 0, 1]), { iou: [0, 1 / 3], miou: 1 / 6, pixelAccuracy: 1 / 3 });
});

Deno.test("scoreConfusion() without any pixel has no scores, and refuses what is not square", () => {
  assertEquals(scoreConfusion([0, 0, 0, 0]), { iou: [null, null], miou: null, pixelAccuracy: null });
  assertThrows(() => scoreConfusion([1, 2, 3]), RangeError, "C × C counts, found 3");
});

Deno.test("addConfusion() adds element by element and refuses other sizes", () => {
  assertEquals(addConfusion(Uint32Array.of(1, 2, 3, 4), [10, 0, 0, 1]), [11, 2, 3, 5]);
  assertThrows(() => addConfusion([1], [1, 2, 3, 4]), RangeError, "1 and 4 counts");
});

Deno.test("scoreWithMisses() counts what the prediction calls no class as a miss, and means over all classes and those present", () => {
  // Class 0: 6 points, of which 4 are right, 1 is called class 1 and 1 is called none. Class 1: 3 points, all right.
  // Class 2: none, but 1 point of class 3 is called so. Class 3: 1 point.
  const counts = [[4, 1, 0, 0, 1], [0, 3, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 1, 0, 0]].flat();
  const { miou, miouPresent, iou, accuracy } = scoreWithMisses(counts);
  assertEquals(iou, [4 / 6, 3 / 4, null, 0]);
  assertAlmostEquals(miou ?? NaN, (4 / 6 + 3 / 4) / 4, 1e-12);
  assertAlmostEquals(miouPresent ?? NaN, (4 / 6 + 3 / 4) / 3, 1e-12);
  assertAlmostEquals(accuracy ?? NaN, 7 / 10, 1e-12);
});

Deno.test("scoreWithMisses() without a labelled point has no scores, and refuses other shapes", () => {
  assertEquals(scoreWithMisses([0, 0]), { miou: null, miouPresent: null, iou: [null], accuracy: null });
  assertThrows(() => scoreWithMisses([1, 2, 3]), RangeError, "C × (C + 1) counts, found 3");
});
