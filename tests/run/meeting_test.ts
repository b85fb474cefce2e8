import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { labelSet } from "../../src/data/label_sets.ts";
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
