/** How the classes of a data set and of a network come together. */

import { assertEquals } from "@std/assert";
import { type ClassMap, IGNORE_LABEL } from "../../src/data/class_map.ts";
import { labelsFor, meetClasses } from "../../src/data/class_meeting.ts";
import { labelSet, mapBetween } from "../../src/data/label_sets.ts";

const set = (name: string) => ({ classes: labelSet(name).classes });

/** What becomes of labels and of predictions: the numbers of classes, from and to. */
function shape(data: string, network: string, options: Parameters<typeof meetClasses>[2] = {}) {
  const { labels, merge } = meetClasses(set(data), set(network), options);
  const text = (map: ClassMap | undefined) =>
    map === undefined ? "same" : `${map.fromClasses.length} to ${map.toClasses.length}`;
  return { labels: text(labels), merge: text(merge) };
}

Deno.test("a network is scored in the coarser classes of two known sets", () => {
  assertEquals(shape("cityscapes-19", "cityscapes-19"), { labels: "same", merge: "same" });
  assertEquals(shape("camvid-11", "cityscapes-19"), { labels: "same", merge: "19 to 11" });
  assertEquals(shape("idd-7", "cityscapes-19"), { labels: "same", merge: "19 to 7" });
  assertEquals(shape("idd-7", "camvid-11"), { labels: "same", merge: "11 to 7" });
  assertEquals(shape("cityscapes-13", "cityscapes-16"), { labels: "same", merge: "16 to 13" });
  assertEquals(shape("cityscapes-19", "cityscapes-16"), { labels: "19 to 16", merge: "same" });
  assertEquals(shape("camvid-11", "idd-7"), { labels: "11 to 7", merge: "same" });
  assertEquals(shape("cityscapes-16", "cityscapes-19"), { labels: "same", merge: "19 to 16" });
});

Deno.test("classes that were asked for are those of labels and of predictions", () => {
  const wanted = labelSet("idd-7");
  assertEquals(shape("cityscapes-19", "cityscapes-19", { wanted }), { labels: "19 to 7", merge: "19 to 7" });
  assertEquals(shape("idd-7", "cityscapes-19", { wanted }), { labels: "same", merge: "19 to 7" });
  assertEquals(shape("camvid-11", "idd-7", { wanted }), { labels: "11 to 7", merge: "same" });
});

Deno.test("a label set that only names the network's classes does not keep them from being merged", () => {
  const wanted = labelSet("cityscapes-19");
  assertEquals(shape("idd-7", "cityscapes-19", { wanted }), { labels: "same", merge: "19 to 7" });
  assertEquals(shape("camvid-11", "cityscapes-19", { wanted }), { labels: "same", merge: "19 to 11" });
  assertEquals(shape("cityscapes-19", "cityscapes-16", { wanted: labelSet("cityscapes-16") }), {
    labels: "19 to 16",
    merge: "same",
  });
  // Labels of unknown classes are still found by equal names.
  const { labels, merge } = meetClasses({ classes: ["b", "road"] }, { classes: ["road", "a"] }, {
    wanted: { classes: ["road", "a"] },
  });
  assertEquals([labels?.toId, merge], [[IGNORE_LABEL, 0], undefined]);
});

Deno.test("a map that was given comes first, from the data set or from the network", () => {
  const names = (count: number) => Array.from({ length: count }, (_, id) => `thing ${id}`);
  const classMap: ClassMap = { name: "own", fromClasses: names(3), toClasses: ["a", "b"], toId: [0, 0, 1] };
  const [three, two] = [{ classes: names(3) }, { classes: ["a", "b"] }];
  assertEquals(meetClasses(three, two, { classMap }), { labels: classMap, notices: [] });
  assertEquals(meetClasses(two, three, { classMap }), { merge: classMap, notices: [] });
  assertEquals(labelsFor(three, two, { classMap }), { labels: classMap, notices: [] });
  // It goes on by names, where it leads to a known set.
  const toKnown: ClassMap = {
    name: "own",
    fromClasses: names(2),
    toClasses: [...set("cityscapes-19").classes],
    toId: [13, 15],
  };
  const { labels } = meetClasses({ classes: names(2) }, set("idd-7"), { classMap: toKnown });
  assertEquals(labels?.toId, [3, 3]);
});

Deno.test("classes of which nothing is known stay as they are", () => {
  assertEquals(meetClasses({ classes: ["a", "road"] }, set("cityscapes-19")), { notices: [] });
  assertEquals(labelsFor({ classes: ["a", "road"] }, set("cityscapes-19")), { labels: undefined, notices: [] });
  // Unless they were asked for: then equal names are the same class.
  const { labels } = labelsFor({ classes: ["a", "road"] }, set("cityscapes-19"), { isAsked: true });
  assertEquals(labels?.toId, [IGNORE_LABEL, 0]);
});

Deno.test("labels to learn from become the network's classes, never the other way round", () => {
  assertEquals(labelsFor(set("cityscapes-16"), set("cityscapes-19")).labels?.toId[9], 10);
  assertEquals(
    labelsFor(set("cityscapes-19"), set("cityscapes-13")).labels,
    mapBetween(labelSet("cityscapes-19"), labelSet("cityscapes-13")),
  );
});

Deno.test("what is translated, and what is lost, is said", () => {
  const { notices } = meetClasses({ ...set("cityscapes-19"), path: "data/cityscapes" }, set("cityscapes-16"));
  assertEquals(notices, [
    "The labels of data/cityscapes are translated by their names, cityscapes-19 → cityscapes-16; terrain, truck, train " +
    "become none and are ignored",
  ]);
  const merged = meetClasses({ ...set("idd-7"), path: "idd" }, set("cityscapes-19"));
  assertEquals(merged.notices, ["The network's classes are merged for scoring on idd, cityscapes-19 → idd-7"]);
});
