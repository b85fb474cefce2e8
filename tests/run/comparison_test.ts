import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { labelSet } from "../../src/data/label_sets.ts";
import { compare, comparisonRows } from "../../src/run/comparison.ts";
import { protocolOf, protocolText } from "../../src/run/protocol.ts";
import { expectationOf } from "../../src/settings/recipe_files.ts";
import { resolveSettings } from "../../src/settings/settings.ts";

const { classes } = labelSet("cityscapes-16");
const expect = expectationOf(resolveSettings("adapt", { config: "synthia-cityscapes-resnet38-cbst" }));
const scores = {
  ...{ miou: 0.4, pixelAccuracy: 0.8, images: 500 },
  iou: Object.fromEntries(classes.map((name) => [name, ["wall", "fence", "pole"].includes(name) ? 0.1 : 0.5])),
};

Deno.test("a run is compared with its recipe's row class by class, and over the subset", () => {
  assert(expect !== null);
  const comparison = compare(expect, scores);
  assertEquals(comparison.miou, { published: 42.5, reached: 40, difference: -2.5 });
  assertEquals(comparison.classes.road, { published: 53.6, reached: 50, difference: -3.6 });
  assertEquals(comparison.classes.bicycle, { published: 55.8, reached: 50, difference: -5.8 });
  assertEquals(comparison.subsets["cityscapes-13"], { published: 48.4, reached: 50, difference: 1.6 });
  const rows = comparisonRows(comparison);
  assertEquals([rows.length, rows[1], rows.at(-1)], [
    19,
    ["road", "53.6", "50.0", "-3.6"],
    ["mIoU over cityscapes-13", "48.4", "50.0", "+1.6"],
  ]);
});

Deno.test("scores of other classes, and none, are not compared, and it is said why", () => {
  assert(expect !== null);
  const { obstacle, miou } = compare(expect, { ...scores, iou: { road: 0.5 } });
  assertEquals([obstacle, miou.reached], ["the run scored other classes than those of cityscapes-16", null]);
  assertEquals(compare(expect, null).obstacle, "nothing was scored");
});

Deno.test("a protocol says split, sizes, views, classes and the round", () => {
  const size = { height: 1024, width: 2048 };
  const protocol = protocolOf({
    ...{ split: "val", labelSizes: [size, size], shapes: { size: null }, absent: "zero", classes },
    views: { scales: [0.9, 1], flip: true, average: "logits" },
    round: { number: 3, chosen: "the last" },
  });
  assertEquals([protocol.labelSizes, protocol.labelSet, protocol.images], [{ "1024x2048": 2 }, "cityscapes-16", 2]);
  const text = protocolText(protocol);
  for (
    const part of [
      "split val, 2 images, labels 1024x2048",
      "their own size, scales 0.9, 1 with mirror images, mean of logits",
      "16 classes (cityscapes-16)",
      "after round 3, the last",
    ]
  ) assertStringIncludes(text, part);
});
