/** Label sets: what the files say, and the maps between them. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { IGNORE_LABEL } from "../../src/data/class_map.ts";
import { labelSetNames } from "../../src/data/label_set_names.ts";
import { readClassMap, readLabelSet } from "../../src/data/folder.ts";
import {
  isOneToOne,
  labelSet,
  mapBetween,
  parseLabelSet,
  rawLabelTable,
  reachesAll,
  recognised,
} from "../../src/data/label_sets.ts";
import { testWithShared } from "../shared.ts";

/** A map by names: what each class of `from` becomes, `–` where it is ignored. */
function named(from: string, to: string): Record<string, string> {
  const [fromSet, toSet] = [labelSet(from), labelSet(to)];
  const { toId } = mapBetween(fromSet, toSet);
  return Object.fromEntries(fromSet.classes.map((name, id) => [name, toSet.classes[toId[id] ?? 255] ?? "–"]));
}

Deno.test("each built-in set has the number of classes in its name, different colours and sources", () => {
  assertEquals(labelSetNames.length, 8);
  for (const name of labelSetNames) {
    const set = labelSet(name);
    assertEquals(set.name, name);
    assertEquals(set.classes.length, Number(name.split("-").at(-1)));
    assertEquals(new Set(set.palette.map(String)).size, set.classes.length);
    assert(set.source.length > 20, name);
    for (const encoding of set.ids.keys()) rawLabelTable(set, encoding);
    assertEquals(recognised(set.classes.map((text) => text.toUpperCase().replaceAll(" ", "_")))?.name, name);
  }
});

Deno.test("raw ids of Cityscapes and SYNTHIA become the classes of 19, 16 and 13", () => {
  const ids = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33];
  const become = (set: string, encoding: string) => ids.map((id) => rawLabelTable(labelSet(set), encoding)[id]);
  assertEquals(become("cityscapes-19", "cityscapes"), [...Array(19).keys()]);
  const o = IGNORE_LABEL;
  assertEquals(become("cityscapes-16", "cityscapes"), [0, 1, 2, 3, 4, 5, 6, 7, 8, o, 9, 10, 11, 12, o, 13, o, 14, 15]);
  assertEquals(become("cityscapes-13", "cityscapes"), [0, 1, 2, o, o, o, 3, 4, 5, o, 6, 7, 8, 9, o, 10, o, 11, 12]);
  const table = rawLabelTable(labelSet("cityscapes-19"), "cityscapes");
  // 34 is GTA5's licence plate; 35 occurs nowhere.
  assertEquals([0, 4, 34, 255, 35].map((id) => table[id]), [o, o, o, o, -1]);
  const synthia = rawLabelTable(labelSet("cityscapes-16"), "synthia");
  assertEquals([...synthia.slice(0, 24)], [
    o,
    9,
    2,
    0,
    1,
    4,
    8,
    5,
    12,
    7,
    10,
    15,
    14,
    o,
    o,
    6,
    o,
    11,
    o,
    13,
    o,
    3,
    o,
    -1,
  ]);
  const seqs = rawLabelTable(labelSet("cityscapes-16"), "synthia-seqs");
  assertEquals([11, 12, 16, 17].map((id) => seqs[id]), [11, 0, -1, -1]);
});

Deno.test("raw ids of scans become the classes of SemanticKITTI and nuScenes", () => {
  const kitti = labelSet("semantickitti-19").ids.get("semantickitti");
  assertEquals([10, 252, 255, 256, 60, 81, 99].map((id) => kitti?.get(id)), [0, 0, 7, 4, 8, 18, IGNORE_LABEL]);
  const nuscenes = labelSet("nuscenes-16").ids.get("nuscenes");
  assertEquals([9, 14, 15, 16, 2, 6, 5, 30, 31].map((id) => nuscenes?.get(id)), [0, 1, 2, 2, 6, 6, 255, 15, 255]);
});

Deno.test("ids and colours of CamVid and IDD become the classes of 11 and 7", () => {
  const camvid = labelSet("camvid-11");
  assertEquals(rawLabelTable(camvid, "segnet")[11], IGNORE_LABEL);
  const colours = camvid.colours.get("camvid");
  assertEquals(colours?.size, 32);
  assertEquals(colours?.get(0x8000c0), camvid.classes.indexOf("road"), "lane markings for driving");
  assertEquals(colours?.get(0x004040), camvid.classes.indexOf("sign"), "traffic lights");
  assertEquals(colours?.get(0), IGNORE_LABEL);
  const idd = rawLabelTable(labelSet("idd-7"), "idd");
  assertEquals([0, 5, 7, 18, 19, 32, 33, 35].map((id) => idd[id]), [0, 1, 2, 3, 4, 5, 6, IGNORE_LABEL]);
});

Deno.test("19 classes become 16, 13, 11 and 7 by their names and by what they hold", () => {
  const sixteen = named("cityscapes-19", "cityscapes-16");
  assertEquals(Object.entries(sixteen).filter(([, to]) => to === "–").map(([from]) => from), [
    "terrain",
    "truck",
    "train",
  ]);
  assertEquals(Object.entries(sixteen).filter(([from, to]) => to !== "–" && from !== to), []);
  assertEquals(
    Object.entries(named("cityscapes-16", "cityscapes-13")).filter(([, to]) => to === "–").map(([from]) => from),
    ["wall", "fence", "pole"],
  );
  assertEquals(named("cityscapes-19", "camvid-11"), {
    ...{ road: "road", sidewalk: "pavement", building: "building", wall: "building", fence: "fence", pole: "pole" },
    ...{ "traffic light": "sign", "traffic sign": "sign", vegetation: "tree", terrain: "tree", sky: "sky" },
    ...{ person: "pedestrian", rider: "bicyclist", car: "car", truck: "car", bus: "car", train: "car" },
    ...{ motorcycle: "bicyclist", bicycle: "bicyclist" },
  });
  assertEquals(named("cityscapes-19", "idd-7"), {
    ...{ road: "drivable", sidewalk: "non-drivable", terrain: "non-drivable", building: "far objects" },
    ...{ vegetation: "far objects", wall: "roadside objects", fence: "roadside objects", pole: "roadside objects" },
    ...{ "traffic light": "roadside objects", "traffic sign": "roadside objects", sky: "sky" },
    ...{ person: "living things", rider: "living things", car: "vehicles", truck: "vehicles", bus: "vehicles" },
    ...{ train: "vehicles", motorcycle: "vehicles", bicycle: "vehicles" },
  });
  // What holds several classes becomes none of them.
  const back = named("idd-7", "cityscapes-19");
  assertEquals([back.drivable, back.sky, back.vehicles, back["far objects"]], ["road", "sky", "–", "–"]);
  assertEquals(named("semantickitti-19", "nuscenes-16")["motorcyclist"], "motorcycle");
});

Deno.test("there is a map between any two sets, and it finds classes of equal names", () => {
  for (const from of labelSetNames) {
    for (const to of labelSetNames) {
      const map = mapBetween(labelSet(from), labelSet(to));
      assertEquals(map.toId.length, map.fromClasses.length);
      if (from === to) assertEquals(map.toId, [...map.toId.keys()]);
      // A class that both know keeps its name, but for roads and the like, which all sets have.
      for (const [id, name] of map.fromClasses.entries()) {
        if (map.toClasses.includes(name)) {
          assertEquals(map.toClasses[map.toId[id] ?? 255], name, `${map.name}: ${name}`);
        }
      }
    }
  }
  const own = mapBetween({ classes: ["Car", "tree", "traffic-sign"] }, labelSet("cityscapes-19"));
  assertEquals(own.toId, [13, IGNORE_LABEL, 7]);
});

Deno.test("it is known which map reaches all classes, and which changes ids only", () => {
  const map = (from: string, to: string) => mapBetween(labelSet(from), labelSet(to));
  assert(reachesAll(map("cityscapes-19", "idd-7")));
  assert(reachesAll(map("camvid-11", "idd-7")));
  assert(!reachesAll(map("cityscapes-16", "cityscapes-19")));
  assert(!isOneToOne(map("cityscapes-19", "cityscapes-16")));
  assert(isOneToOne(mapBetween({ classes: ["a", "b"] }, { classes: ["b", "a"] })));
});

testWithShared(
  "the map from CamVid to IDD is the one that was given",
  ["data/maps/idd7_from_camvid11.json"],
  (path) => {
    const { name: _, ...given } = readClassMap(path);
    const { name: __, ...found } = mapBetween(labelSet("camvid-11"), labelSet("idd-7"));
    assertEquals(found, given);
  },
);

Deno.test("a label set is read from a file of either kind", () => {
  const folder = mkdtempSync("label-sets-");
  try {
    const write = (name: string, content: unknown) => {
      writeFileSync(join(folder, name), JSON.stringify(content));
      return join(folder, name);
    };
    assertEquals(readLabelSet("idd-7").classes.length, 7);
    const dataset = readLabelSet(write("dataset.json", { name: "mine", classes: ["sky", "road"], ignore: 9 }));
    assertEquals([dataset.name, dataset.classes, dataset.parts], ["mine", ["sky", "road"], null]);
    assertEquals([...rawLabelTable(dataset, "train").slice(0, 3), rawLabelTable(dataset, "train")[9]], [0, 1, -1, 255]);
    const set = readLabelSet(write("set.json", {
      name: "two",
      classes: [
        { name: "ground", colour: "#010203", holds: ["road"], also: ["sidewalk"] },
        { name: "rest", colour: "#040506", holds: ["sky"] },
      ],
      ids: { raw: { classes: { ground: [300, 7] }, ignored: [0] } },
    }));
    assertEquals(set.palette, [[1, 2, 3], [4, 5, 6]]);
    assertEquals(mapBetween(labelSet("cityscapes-13"), set).toId.slice(0, 2), [0, 0]);
    assertEquals(rawLabelTable(set, "raw")[7], 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("a wrong label set is refused by what is wrong", () => {
  const entry = { name: "road", colour: "#000000", holds: ["road"] };
  const parse = (content: unknown) => () => parseLabelSet(JSON.stringify(content), "set.json");
  assertThrows(parse({ name: "x", classes: [entry, entry] }), Error, 'found "road" twice');
  assertThrows(parse({ name: "x", classes: [entry, { ...entry, name: "b" }] }), Error, 'two classes hold "road"');
  assertThrows(parse({ name: "x", classes: [{ ...entry, colour: "red" }] }), Error, "expected a colour");
  const raw = (classes: unknown) => ({ name: "x", classes: [entry], ids: { raw: { classes, ignored: [] } } });
  assertThrows(parse(raw({ car: [1] })), Error, 'there is no class "car"');
  assertThrows(parse(raw({ road: [1, 1] })), Error, "1 stands there twice");
  assertThrows(() => readLabelSet("cityscapes"), Error, 'There is no label set "cityscapes": known are cityscapes-19');
  assertThrows(() => rawLabelTable(labelSet("idd-7"), "kitti"), Error, "does not know the ids");
});
