import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { labelSet, parseLabelSet } from "../../src/data/label_sets.ts";
import { openToLearn, openToScore } from "../../src/run/meeting.ts";
import { plainPng, withFolder, write } from "../data/pictures.ts";

Deno.test("the label set that is asked for tells the classes of a list that names none", () =>
  withFolder((folder) => {
    write(join(folder, "a.png"), plainPng(2, 2, [0, 0, 0]));
    write(join(folder, "b.png"), plainPng(2, 2, [0, 0, 0]));
    const list = join(folder, "pairs.txt");
    write(list, "a.png\tb.png\n");
    const wanted = labelSet("idd-7");
    const options = { wanted, say: () => {} };
    const [fine, coarse] = [labelSet("cityscapes-19"), wanted];
    const scored = openToScore(list, { classes: fine.classes }, options);
    assertEquals([scored.dataset.classes, scored.merge?.toClasses], [coarse.classes, coarse.classes]);
    const learned = openToLearn(list, { classes: coarse.classes }, options);
    assertEquals([learned.classes, learned.palette], [coarse.classes, coarse.palette]);
    const table = learned.split("train").items[0]?.labelTable;
    assertEquals([0, 6, 7, 255].map((id) => table?.[id]), [0, 6, -1, 255]);
  }));

Deno.test("labels become the classes of a label set from a file by what these hold", () =>
  withFolder((folder) => {
    const { classes, palette } = labelSet("camvid-11");
    write(join(folder, "dataset.json"), JSON.stringify({ name: "streets", classes, palette }));
    write(join(folder, "train", "images", "a.png"), plainPng(2, 2, [0, 0, 0]));
    write(join(folder, "train", "labels", "a.png"), plainPng(2, 2, [0, 0, 0]));
    const ground = { name: "ground", colour: "#808080", holds: ["road", "sidewalk"], also: ["parking", "terrain"] };
    const vehicle = { name: "vehicle", colour: "#000080", holds: ["car", "truck", "bus", "train"] };
    const wanted = parseLabelSet(JSON.stringify({ name: "coarse", classes: [ground, vehicle] }), "coarse.json");
    const said: string[] = [];
    const learned = openToLearn(folder, { classes: wanted.classes }, { wanted, say: (text) => said.push(text) });
    const table = learned.split("train").items[0]?.labelTable;
    const idOf = (name: string) => table?.[classes.indexOf(name)];
    assertEquals(["road", "pavement", "car", "sky"].map(idOf), [0, 0, 1, 255]);
    assertEquals(said.length, 1);
    assertStringIncludes(said[0] ?? "", "camvid-11 → coarse");
  }));
