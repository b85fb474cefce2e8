import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import type { Dataset } from "../../src/data/dataset.ts";
import { encodeLabelPng } from "../../src/data/encode.ts";
import { openDataset } from "../../src/data/folder.ts";
import { labelSet, mapBetween } from "../../src/data/label_sets.ts";
import { decodeLabels } from "../../src/data/labels.ts";
import { translateLabels } from "../../src/data/class_map.ts";
import { sharedPath, testWithShared } from "../shared.ts";
import { type OfficialLayout, type OfficialOptions, writeOfficial } from "./official_layouts.ts";
import { plainPng, withFolder, write } from "./pictures.ts";

/** The pixels of each class in the labels of a split, and of ignored ones at the end. */
function histogram(dataset: Dataset, split: string): number[] {
  const counts = new Array<number>(dataset.classes.length + 1).fill(0);
  for (const { labelPath, labelTable, labelColours, idsInRed } of dataset.split(split).items) {
    if (labelPath === null) continue;
    const bytes = Deno.readFileSync(labelPath);
    const { labels, width } = decodeLabels(bytes, labelPath, { colours: labelColours, idsInRed });
    for (const id of translateLabels(labels, width, labelTable, labelPath)) {
      const place = Math.min(id, dataset.classes.length);
      counts[place] = (counts[place] ?? 0) + 1;
    }
  }
  return counts;
}

/** Layouts with the label set that they have, their splits, and those of them with labels. */
const cases: [OfficialLayout, OfficialOptions, set: string, splits: string[], labelled: string[]][] = [
  ["cityscapes", {}, "cityscapes-19", ["train", "val", "test"], ["train", "val"]],
  ["gta5", {}, "cityscapes-19", ["train"], ["train"]],
  ["synthia", {}, "cityscapes-16", ["train"], ["train"]],
  ["crosscity", {}, "cityscapes-13", ["train", "test"], ["test"]],
  ["crosscity", { encoding: "train13" }, "cityscapes-13", ["train", "test"], ["test"]],
  ["camvid", {}, "camvid-11", ["train", "val", "test"], ["train", "val", "test"]],
  ["camvid", { form: "colours" }, "camvid-11", ["train", "val", "test"], ["train", "val", "test"]],
  ["camvid", { form: "segnet" }, "camvid-11", ["train", "val", "test"], ["train", "val", "test"]],
  ["idd", {}, "idd-26", ["train", "val"], ["train", "val"]],
  ["idd", { form: "labelids" }, "idd-26", ["train", "val"], ["train", "val"]],
  ["idd", { form: "csTrainIds" }, "cityscapes-19", ["train", "val"], ["train", "val"]],
  ["idd-lite", {}, "idd-7", ["train", "val", "test"], ["train", "val"]],
  ["bdd100k", {}, "cityscapes-19", ["train", "val", "test"], ["train", "val"]],
  ["acdc", {}, "cityscapes-19", ["train", "val", "test", "train_ref"], ["train", "val"]],
];

for (const [layout, options, set, splits, labelled] of cases) {
  Deno.test(`${layout} ${JSON.stringify(options)} is known by its folders, with its splits and classes`, () =>
    withFolder((folder) => {
      writeOfficial(layout, folder, options);
      const dataset = openDataset(folder);
      assertEquals([dataset.layout, dataset.splitNames()], [layout, splits]);
      assertEquals(dataset.classes, labelSet(set).classes);
      assertEquals(openDataset(folder, { layout }).layout, layout);
      for (const split of splits) {
        const { items, notices } = dataset.split(split);
        assertEquals([items.length, notices], [layout === "acdc" ? 4 : 2, []]);
        const has = labelled.includes(split);
        assert(items.every(({ labelPath }) => (labelPath !== null) === has), split);
        // Each column but the first has a class, and each class has pixels.
        const counts = histogram(dataset, split);
        assertEquals(counts.at(-1), has ? 16 * items.length : 0);
        assert(counts.slice(0, -1).every((count) => (count > 0) === has), `${split}: ${counts}`);
      }
    }));
}

Deno.test("in SYNTHIA-SEQS id 12 is a lane marking, in SYNTHIA-RAND-CITYSCAPES a motorcycle", () =>
  withFolder((folder) => {
    writeOfficial("synthia-seqs", folder);
    const several = openDataset(folder);
    const one = openDataset(join(folder, "SYNTHIA-SEQS-02-DAWN"));
    assertEquals([several.layout, several.split("train").items.length], ["synthia-seqs", 4]);
    assertEquals([one.layout, one.split("train").items.length], ["synthia-seqs", 2]);
    assertEquals(several.split("train").items[2]?.name, "SYNTHIA-SEQS-02-DAWN/Stereo_Left/Omni_F/000000");
    writeOfficial("synthia", join(folder, "rand"));
    const meaning = (dataset: Dataset) => dataset.classes[dataset.split("train").items[0]?.labelTable[12] ?? 255];
    assertEquals([meaning(one), meaning(openDataset(join(folder, "rand")))], ["road", "motorcycle"]);
  }));

testWithShared(
  "a real label of SYNTHIA-SEQS and real frames of Cityscapes are read",
  ["data/formats/synthia_seqs_label.png", "data/cityscapes-sample"],
  (label = "", sample = "") =>
    withFolder((folder) => {
      write(join(folder, "RGB/Stereo_Left/Omni_F/000000.png"), plainPng(760, 1280, [1, 2, 3]));
      write(join(folder, "GT/LABELS/Stereo_Left/Omni_F/000000.png"), Deno.readFileSync(label));
      const counts = histogram(openDataset(folder), "train");
      const of = (name: string) => counts[labelSet("cityscapes-16").classes.indexOf(name)];
      // Road and lane markings; vegetation; void.
      assertEquals([of("road"), of("vegetation"), counts.at(-1)], [372_344 + 5067, 238_375, 63_876]);
      const frames = openDataset(sample);
      assertEquals([frames.layout, frames.splitNames()], ["cityscapes", ["train"]]);
      const found = histogram(frames, "train");
      const names = frames.classes;
      assertEquals([found[names.indexOf("road")], found[names.indexOf("bicycle")]], [2_467_288, 2309]);
      assertEquals(found.reduce((sum, count) => sum + count, 0), 3 * 1024 * 2048);
    }),
);

Deno.test("labels of Cross-City that hold ids of Cityscapes' 19 classes are told apart", () =>
  withFolder((folder) => {
    writeOfficial("crosscity", folder, { encoding: "train19" });
    // What is none of the 13 classes does not occur there.
    const { toId } = mapBetween(labelSet("cityscapes-19"), labelSet("cityscapes-13"));
    for (const { name } of Deno.readDirSync(join(folder, "Labels/Test"))) {
      const path = join(folder, "Labels/Test", name);
      const { labels, height, width } = decodeLabels(Deno.readFileSync(path), path);
      write(path, encodeLabelPng(labels.map((id) => toId[id] === 255 ? 255 : id), height, width));
    }
    const counts = histogram(openDataset(folder), "test");
    assert(counts.slice(0, -1).every((count) => count > 0), `${counts}`);
  }));

Deno.test("all cities together are one data set, and lists say which images count", () =>
  withFolder((folder) => {
    for (const city of ["Rome", "Rio"]) writeOfficial("crosscity", join(folder, city));
    write(join(folder, "Rio/List/train.txt"), "pano_00001_0_0\n");
    const { items } = openDataset(folder).split("train");
    assertEquals(items.map(({ name }) => name), ["Rio/pano_00001_0_0", "Rome/pano_00000_0_0", "Rome/pano_00001_0_0"]);
  }));

Deno.test("archives unpacked in their own folders, coarse labels and labelTrainIds are found", () =>
  withFolder((folder) => {
    writeOfficial("cityscapes", join(folder, "made"));
    for (const name of ["leftImg8bit", "gtFine"]) {
      Deno.mkdirSync(join(folder, `${name}_trainvaltest`));
      Deno.renameSync(join(folder, "made", name), join(folder, `${name}_trainvaltest`, name));
    }
    const trainIds = encodeLabelPng(new Uint8Array(512).fill(18), 16, 32);
    const base = "leftImg8bit_trainvaltest/leftImg8bit/train/ulm/ulm_000000_000019_leftImg8bit.png";
    write(join(folder, base), plainPng(16, 32, [0, 0, 0]));
    write(join(folder, "gtFine_trainvaltest/gtFine/train/ulm/ulm_000000_000019_gtFine_labelTrainIds.png"), trainIds);
    const dataset = openDataset(folder);
    assertEquals(dataset.splitNames(), ["train", "val", "test"]);
    assert(dataset.split("train").items.every(({ labelPath }) => labelPath !== null));
    // The bicycles of that file beside those of the others.
    assert((histogram(dataset, "train")[18] ?? 0) >= 512);
  }));

Deno.test("IDD with polygons only has no labels, and it is said how they are made", () =>
  withFolder((folder) => {
    writeOfficial("idd", folder, { form: "polygons" });
    const { items, notices } = openDataset(folder).split("train");
    assertEquals(items.map(({ labelPath }) => labelPath), [null, null]);
    assertStringIncludes(notices[0] ?? "", "preperation/createLabels.py");
  }));

Deno.test("the older form of BDD100K is read", () =>
  withFolder((folder) => {
    write(join(folder, "bdd100k/seg/images/val/a.jpg"), plainPng(2, 2, [0, 0, 0]));
    write(join(folder, "bdd100k/seg/labels/val/a_train_id.png"), encodeLabelPng(Uint8Array.of(0, 18, 255, 3), 2, 2));
    const dataset = openDataset(folder);
    assertEquals([dataset.layout, dataset.splitNames()], ["bdd100k", ["val"]]);
    assertEquals(histogram(dataset, "val").filter((count) => count > 0), [1, 1, 1, 1]);
  }));

Deno.test("folders that only resemble GTA5 are photographs, unless the layout is asked for", () =>
  withFolder((folder) => {
    const classes = { classes: ["a"], palette: [] };
    write(join(folder, "images/00001.png"), plainPng(2, 2, [0, 0, 0]));
    write(join(folder, "labels/00001.png"), encodeLabelPng(Uint8Array.of(7, 7, 0, 33), 2, 2));
    assertEquals(openDataset(folder, { classes }).layout, "photos");
    const dataset = openDataset(folder, { layout: "gta5" });
    assertEquals(histogram(dataset, "train").map((count, id) => count * (id + 1)).filter((count) => count > 0), [
      2,
      19,
      20,
    ]);
    write(join(folder, "dataset.json"), '{"name": "own", "classes": ["a", "b"]}');
    assertEquals(openDataset(folder).layout, "folders");
    const error = assertThrows(() => openDataset(folder, { layout: "acdc" }), Error);
    assertStringIncludes(error.message, "has not the layout acdc. It looks like folders");
  }));

Deno.test("a list in the folder of an official data set has its classes and its ids", () =>
  withFolder((folder) => {
    writeOfficial("cityscapes", folder);
    const base = "train/aachen/aachen_000001_000019";
    const line = `leftImg8bit/${base}_leftImg8bit.png\tgtFine/${base}_gtFine_labelIds.png\n`;
    write(join(folder, "some.lst"), line);
    const dataset = openDataset(join(folder, "some.lst"));
    assertEquals([dataset.layout, dataset.classes.length], ["list", 19]);
    assertEquals(histogram(dataset, "train").at(-1), 16);
    assertEquals(openDataset(folder).layout, "cityscapes");
    assertEquals(openDataset(folder, { layout: "list" }).split("some").items.length, 1);
  }));

Deno.test("an id that a data set does not know is refused, though it is less than 256", () =>
  withFolder((folder) => {
    writeOfficial("cityscapes", folder, { count: 1 });
    const path = join(folder, "gtFine/val/frankfurt/frankfurt_000000_000019_gtFine_labelIds.png");
    write(path, encodeLabelPng(new Uint8Array(512).fill(60), 16, 32));
    assertThrows(() => histogram(openDataset(folder), "val"), Error, "id 60 at row 0, column 0");
  }));

Deno.test(
  "the splits of CamVid's official frames are SegNet's",
  { ignore: sharedPath("data/camvid") === null },
  () =>
    withFolder((folder) => {
      const camvid = sharedPath("data/camvid") ?? "";
      for (const split of ["train", "val", "test"]) {
        for (const { name } of Deno.readDirSync(join(camvid, split, "images"))) {
          write(join(folder, "701_StillsRaw_full", name.replace(/\.jpg$/, ".png")), "");
        }
      }
      const dataset = openDataset(folder);
      for (const split of ["train", "val", "test"]) {
        const wanted = [...Deno.readDirSync(join(camvid, split, "images"))].map(({ name }) =>
          name.replace(/\.jpg$/, "")
        );
        assertEquals(dataset.split(split).items.map(({ name }) => name), wanted.sort(), split);
      }
    }),
);
