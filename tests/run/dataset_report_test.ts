import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { encodeLabelPng } from "../../src/data/encode.ts";
import { reportOn } from "../../src/run/dataset_report.ts";
import { datasetSheet } from "../../src/run/dataset_sheet.ts";
import { writeOfficial } from "../data/official_layouts.ts";
import { plainPng, withFolder, write, writeSmallDataset } from "../data/pictures.ts";
import { silent as progress } from "../../src/selftraining/progress.ts";

Deno.test("a report counts splits, sizes and classes, and names every pair that cannot be used", () =>
  withFolder(async (folder) => {
    writeOfficial("gta5", folder, { count: 7 });
    const good = (await reportOn(folder, { progress })).report;
    assertEquals(good.splits, { train: { images: 7, labelled: 7, sizes: { "16x32": 7 } } });
    assertEquals([good.layout, good.classes.length, good.problems], ["gta5", 19, []]);
    const pixels = Object.values(good.histogram).reduce((sum, count) => sum + count, 0);
    assertEquals([pixels, good.ignored], [7 * 16 * 31, 7 * 16]);
    assertEquals(Object.keys(good.histogram), [...good.classes]);
    const whole = Deno.readFileSync(join(folder, "images/00002.png"));
    write(join(folder, "images/00002.png"), whole.slice(0, whole.length / 2));
    // A PNG file whose end is there, with other pixels than its checksums say.
    const bent = whole.slice();
    bent.fill(0x55, bent.length - 60, bent.length - 20);
    write(join(folder, "images/00003.png"), bent);
    write(join(folder, "labels/00004.png"), encodeLabelPng(new Uint8Array(6).fill(7), 2, 3, [[1, 2, 3]]));
    write(join(folder, "labels/00005.png"), encodeLabelPng(new Uint8Array(512).fill(99), 16, 32));
    write(join(folder, "labels/00006.png"), "no image");
    Deno.removeSync(join(folder, "labels/00007.png"));
    write(join(folder, "labels/00009.png"), encodeLabelPng(new Uint8Array(512), 16, 32));
    write(join(folder, "labels/notes.txt"), "no labels");
    const { report, usable } = await reportOn(folder, { progress });
    assertEquals(report.splits, { train: { images: 7, labelled: 6, sizes: { "16x32": 5 } } });
    assertEquals(usable.get("train")?.map(({ name }) => name), ["00001", "00007"]);
    const problems: [string, string][] = [
      ["images/00002.png", "cut short"],
      ["images/00003.png", "damaged"],
      ["images/00004.png", "is 16×32, its labels"],
      ["labels/00005.png", "id 99 at row 0, column 0"],
      ["labels/00006.png", "it is no image file"],
      ["images/00007.png", "has no labels"],
      ["labels/00009.png", "belong to no image"],
    ];
    assertEquals(report.problems.map(({ file }) => file), problems.map(([file]) => file));
    for (const [index, [, part]] of problems.entries()) {
      assertStringIncludes(report.problems[index]?.problem ?? "", part);
    }
    // What cannot be used is not counted.
    assertEquals(report.ignored, 16);
  }));

Deno.test("nothing is wrong with official data sets, nor with labels that a list leaves out", () =>
  withFolder(async (folder) => {
    const layouts = [
      "cityscapes",
      "gta5",
      "synthia",
      "synthia-seqs",
      "crosscity",
      "camvid",
      "idd",
      "idd-lite",
      "bdd100k",
      "acdc",
    ] as const;
    for (const layout of layouts) {
      writeOfficial(layout, join(folder, layout));
      const { report } = await reportOn(join(folder, layout), { progress });
      assertEquals([report.layout, report.problems], [layout, []]);
    }
    write(join(folder, "gta5/some.txt"), "images/00001.png\tlabels/00001.png\n");
    assertEquals((await reportOn(join(folder, "gta5/some.txt"), { progress })).report.problems, []);
  }));

Deno.test("splits without labels, photographs and folders without splits are reported", () =>
  withFolder(async (folder) => {
    writeOfficial("cityscapes", join(folder, "city"));
    const { splits } = (await reportOn(join(folder, "city"), { progress })).report;
    assertEquals(splits["test"], { images: 2, labelled: 0, sizes: { "16x32": 2 } });
    for (const name of ["2024/images/a.png", "2025/images/b.png"]) {
      write(join(folder, "photos", name), plainPng(4, 6, [1]));
    }
    const photos = (await reportOn(join(folder, "photos"), { progress })).report;
    assertEquals(photos, {
      ...{ layout: "photos", splits: { train: { images: 2, labelled: 0, sizes: { "4x6": 2 } } }, classes: [] },
      ...{ histogram: {}, ignored: 0, problems: [] },
    });
    writeSmallDataset(join(folder, "own"), 3);
    Deno.mkdirSync(join(folder, "own/val/images"), { recursive: true });
    const own = (await reportOn(join(folder, "own"), { progress })).report;
    assertEquals([own.layout, own.histogram], ["folders", { road: 48, car: 48, sky: 48 }]);
    assertEquals([own.splits["val"]?.images, own.problems.map(({ file }) => file)], [0, ["val"]]);
    await assertRejects(() => reportOn(join(folder, "own/val/images"), { progress }), Error, "no image is in it");
  }));

Deno.test("a contact sheet shows labels over the images of each data set", () =>
  withFolder(async (folder) => {
    writeSmallDataset(join(folder, "own"), 30);
    writeOfficial("cityscapes", join(folder, "city"));
    const own = await reportOn(join(folder, "own"), { progress });
    const sheet = await datasetSheet([own, await reportOn(join(folder, "city"), { progress })], { maxPixels: 1e8 });
    const colours = new Set<number>();
    for (let place = 0; place < sheet.pixels.length; place += 3) {
      const [red = 0, green = 0, blue = 0] = sheet.pixels.subarray(place, place + 3);
      colours.add(red << 16 | green << 8 | blue);
    }
    // Image 1 of 30 is the first of twelve: (1, 10, 200) under "car", (4, 5, 6), half and half.
    assert(colours.has(3 << 16 | 8 << 8 | 103), "the labels of the small data set");
    assert(colours.has(128 << 16 | 64 << 8 | 128), "the legend of Cityscapes");
    const twelve = await datasetSheet([own], { maxPixels: 1e8 });
    assert(sheet.height > twelve.height && sheet.width === twelve.width);
    assert(
      twelve.height > 3 * 180 && twelve.height < 4 * 180 + 150,
      `${twelve.height} rows for twelve pictures of 180`,
    );
  }));
