import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { labelTable, parseClassMap, translateLabels } from "../../src/data/class_map.ts";
import { labelledPart, requireClasses } from "../../src/data/dataset.ts";
import { imageItems, openDataset, readClassMap } from "../../src/data/folder.ts";
import { imageTitles } from "../../src/data/image_files.ts";
import { errorText } from "../../src/errors.ts";
import { testWithShared } from "../shared.ts";
import { writeOfficial } from "./official_layouts.ts";
import { plainPng, withFolder, write, writeSmallDataset } from "./pictures.ts";

/** Expects an error whose message holds all of `parts`. */
function assertSentence(action: () => unknown, ...parts: string[]): void {
  const error = assertThrows(action, Error);
  for (const part of parts) assert(error.message.includes(part), `"${error.message}" lacks "${part}"`);
}

testWithShared(
  "openDataset() lists the splits of the real data sets",
  ["data/camvid", "data/idd-lite"],
  (camvid, idd) => {
    const dataset = openDataset(camvid ?? "");
    assertEquals(dataset.classes.length, 11);
    assertEquals(dataset.splitNames(), ["test", "train", "val"]);
    const { items } = dataset.split("val");
    assertEquals(items.length, 101);
    assertEquals(items[0]?.name, "0016E5_07959");
    assert(items.every((item) => item.labelPath !== null));
    assertEquals(openDataset(idd ?? "").split("train").items.length, 1403);
  },
);

testWithShared(
  "a class map applies to the data set whose classes it starts from, and to no other",
  ["data/camvid", "data/idd-lite", "data/maps/idd7_from_camvid11.json"],
  (camvid, idd, mapPath) => {
    const classMap = readClassMap(mapPath ?? "");
    const source = openDataset(idd ?? "", { classMap });
    const target = openDataset(camvid ?? "", { classMap });
    assertEquals(target.classes, source.classes);
    assertEquals(target.palette[0], [128, 64, 128]);
    requireClasses(target, source.classes, classMap);
    const table = target.split("val").items[0]?.labelTable;
    assertEquals(Array.from(table?.slice(0, 12) ?? []), [6, 5, 4, 0, 1, 5, 4, 4, 3, 2, 2, -1]);
    assertEquals(table?.[255], 255);
    assertSentence(
      () => requireClasses(openDataset(camvid ?? ""), source.classes),
      "11 classes, expected 7",
      'id 0 is "sky", expected "drivable"',
    );
  },
);

Deno.test("a data set may have unknown keys, no palette, no labels, and capital endings; names sort by bytes", () =>
  withFolder((folder) => {
    write(join(folder, "dataset.json"), '{"name": "n", "classes": ["a", "b"], "licence": 1}');
    for (const name of ["b.PNG", "a.png", "B.png", "é.png", "10.png", "9.png", "._a.png", "notes.txt"]) {
      write(join(folder, "train/images", name), plainPng(2, 2, [0, 0, 0]));
    }
    const dataset = openDataset(folder);
    assertEquals(dataset.palette, [[128, 0, 0], [0, 128, 0]]);
    const split = dataset.split("train");
    assertEquals(split.items.map((item) => item.name), ["10", "9", "B", "a", "b", "é"]);
    assert(split.items.every((item) => item.labelPath === null));
    assertSentence(() => labelledPart(split, dataset), "lacks labels for all 6 images", "train/labels/10.png");
  }));

Deno.test("what is wrong with a data set's folder is said in a sentence", () =>
  withFolder((folder) => {
    assertSentence(() => openDataset(join(folder, "none")), "there is no such folder", "none");
    assertSentence(() => openDataset(folder), "it has no dataset.json");
    writeSmallDataset(folder, 1);
    const dataset = openDataset(folder);
    assertEquals(dataset.split("train").items.length, 1);
    assertSentence(() => dataset.split("val"), 'has no split "val"', "It has: train");
    mkdirSync(join(folder, "val/images"), { recursive: true });
    assertSentence(() => dataset.split("val"), 'The split "val"', "is empty");
    write(join(folder, "train/images/0.jpg"), plainPng(2, 2, [0, 0, 0]));
    assertEquals(dataset.split("train").items.map(({ name }) => name), ["0.jpg", "0.png"]);
    write(join(folder, "odd/images/x_image.png"), plainPng(2, 2, [0, 0, 0]));
    write(join(folder, "odd/labels/x_other.png"), plainPng(2, 2, [0, 0, 0]));
    assertSentence(() => dataset.split("odd"), "No file in", "x_image.png", "found x_other.png");
  }));

Deno.test("what is wrong in dataset.json is said with its key", () =>
  withFolder((folder) => {
    const path = join(folder, "dataset.json");
    const cases: [string, string[]][] = [
      ["{", ["it is not JSON"]],
      ["3", ["found 3, expected Object"]],
      ['{"name": "n"}', ['key "classes": it is missing']],
      ['{"name": "n", "classes": []}', ['key "classes"']],
      ['{"name": 3, "classes": ["a"]}', ['key "name": found 3, expected string']],
      ['{"name": "n", "classes": ["a", 5]}', ['key "classes.1": found 5, expected string']],
      ['{"name": "n", "classes": ["a", "a"]}', ['key "classes": found "a" twice']],
      ['{"name": "n", "classes": ["a"], "palette": [[1, 2, 256]]}', ['key "palette.0.2": found 256, expected <=255']],
      ['{"name": "n", "classes": ["a"], "palette": [[1, 2]]}', ['key "palette.0']],
      ['{"name": "n", "classes": ["a"], "palette": []}', [
        'key "palette": found 0 colours, expected one for each of the 1',
      ]],
      ['{"name": "n", "classes": ["a"], "ignore": 300}', ['key "ignore": found 300']],
    ];
    for (const [text, parts] of cases) {
      write(path, text);
      assertSentence(() => openDataset(folder), path, ...parts);
    }
  }));

Deno.test("parseClassMap() checks that every class has a target that exists", () => {
  const map = (entries: Record<string, number>, ignore?: number) =>
    parseClassMap(JSON.stringify({ from_classes: ["a", "b"], to_classes: ["x", "y"], map: entries, ignore }), "m.json");
  assertEquals(map({ "0": 1, "1": 255 }).toId, [1, 255]);
  assertEquals(map({ "0": 1, "1": 9, "9": 9 }, 9).toId, [1, 255]);
  assertSentence(() => map({ "0": 1 }), "m.json", "no entry for 1 (b)");
  assertSentence(() => map({ "0": 1, "1": 2 }), "sends 1 (b) to 2", "ids 0 to 1");
  assertSentence(() => map({ "0": 1, "1": 0, "2": 0 }), "an entry for 2");
  assertSentence(() => map({ "0": 1, "1": 300 }), 'key "map.1"');
  assertSentence(
    () => parseClassMap('{"from_classes": ["a"], "map": {}}', "m.json"),
    'key "to_classes": it is missing',
  );
});

Deno.test("translateLabels() names file, id and pixel of an id outside the classes", () => {
  assertEquals(Array.from(translateLabels(Uint8Array.of(0, 2, 7), 3, labelTable(3, 7), "l.png")), [0, 2, 255]);
  assertSentence(
    () => translateLabels(Uint8Array.of(0, 1, 2, 0, 0, 19), 3, labelTable(3), "train/labels/l.png"),
    "train/labels/l.png",
    "id 19 at row 1, column 2",
    "0–2, 255",
  );
});

Deno.test("imageItems() takes files and folders, and lists the paths that hold no image", () =>
  withFolder((folder) => {
    writeSmallDataset(folder, 2);
    const images = join(folder, "train/images");
    assertEquals(imageItems([images]).items.map((item) => item.name), ["0", "1"]);
    assertEquals(imageItems([join(images, "1.png")]).items[0]?.labelPath, null);
    mkdirSync(join(folder, "empty"));
    const wrong = ["train/images/2.png", "dataset.json", "empty"].map((name) => join(folder, name));
    const given = imageItems([...wrong, images, wrong[0] ?? ""]);
    assertEquals(given.items.map(({ name }) => name), ["0", "1"]);
    assertEquals(given.failed.map(({ path }) => path), wrong);
    const reasons = [
      "there is no such file or folder",
      "expected an image file",
      "there is no image file in it",
    ];
    for (const [index, { error }] of given.failed.entries()) {
      assertStringIncludes(errorText(error), reasons[index] ?? "");
      assertStringIncludes(errorText(error), wrong[index] ?? "");
    }
  }));

Deno.test("imageItems() keeps the folders of images whose names repeat, and takes an image once", () =>
  withFolder((folder) => {
    for (const name of ["a/x.png", "a/y.jpg", "b/x.png", "b/x.jpg", "z.png"]) {
      write(join(folder, name), plainPng(1, 1, [0, 0, 0]));
    }
    const names = (...paths: string[]) =>
      imageItems(paths.map((path) => join(folder, path))).items.map(({ name }) => name);
    assertEquals(names("a/x.png", "b/x.png", "z.png"), ["a/x", "b/x", "z"]);
    assertEquals(names("a", "b/x.png", "a/../a/x.png"), ["a/x", "y", "b/x"]);
    assertEquals(names("a", "b").sort(), ["x", "x.jpg", "x.png", "y"], "a folder's own names are distinct");
    assertEquals(names("b/x.png", "b/x.jpg"), ["x.png", "x.jpg"]);
    assertEquals(names("a/x.png", "b/x.png", "b/x.jpg"), ["a/x", "b/x.png", "b/x.jpg"]);
  }));

Deno.test("imageItems() of an official data set are its images, not its labels", () =>
  withFolder((folder) => {
    for (const layout of ["cityscapes", "synthia", "camvid"] as const) {
      const path = join(folder, layout);
      writeOfficial(layout, path);
      const dataset = openDataset(path);
      const images = dataset.splitNames().flatMap((split) => dataset.split(split).items).map((item) => item.imagePath);
      assertEquals(imageItems([path]).items.map(({ imagePath }) => imagePath).sort(), images.sort(), layout);
      assert(images.length > 0);
    }
    const [item] = imageItems([join(folder, "cityscapes")]).items;
    assert(item?.name.startsWith("leftImg8bit/"), item?.name);
  }));

Deno.test("a folder of photographs, nested or not, is a target with the classes that are given", () =>
  withFolder((folder) => {
    const photos = join(folder, "photos");
    for (const name of ["b.JPG", "trip/a.png", "trip/b.png", "trip/day 2/a.png", ".trash/x.png", "notes.txt"]) {
      write(join(photos, name), plainPng(2, 2, [0, 0, 0]));
    }
    assertSentence(() => openDataset(photos), "it holds images, but no dataset.json");
    const classes = { classes: ["road", "car"], palette: [[1, 2, 3], [4, 5, 6]] as [number, number, number][] };
    const dataset = openDataset(photos, { classes });
    assertEquals([dataset.classes, dataset.splitNames()], [["road", "car"], ["train"]]);
    const { items, notices } = dataset.split("train");
    assertEquals(items.map(({ name }) => name), ["b", "trip/a", "trip/b", "trip/day 2/a"]);
    assertEquals(items[3]?.imagePath, join(photos, "trip/day 2/a.png"));
    assert(items.every(({ labelPath }) => labelPath === null));
    assertEquals(notices.length, 1);
    assert(notices[0]?.includes("notes.txt"));
    assertEquals(imageItems([photos]).items.map(({ name }) => name), items.map(({ name }) => name));
    assertSentence(() => dataset.split("val"), 'has no split "val"', "It has: train");
  }));

Deno.test("labels beside a folder of images are no photographs, and mean nothing without a dataset.json", () =>
  withFolder((folder) => {
    writeSmallDataset(folder, 2);
    Deno.removeSync(join(folder, "dataset.json"));
    const dataset = openDataset(folder, { classes: { classes: ["a"], palette: [[0, 0, 0]] } });
    const { items, notices } = dataset.split("train");
    assertEquals(items.map(({ name, labelPath }) => [name, labelPath]), [["0", null], ["1", null]]);
    assert(notices[0]?.includes("are not used"));
    assertEquals(imageItems([folder]).items.map(({ name }) => name), ["train/images/0", "train/images/1"]);
  }));

Deno.test("folders of photographs that are called images are no splits; a link to a folder above is not followed", () =>
  withFolder((folder) => {
    for (const name of ["2024/images/a.png", "2025/images/a.png", "b.png"]) write(join(folder, name), "");
    Deno.symlinkSync(folder, join(folder, "2025/back"));
    const { items } = openDataset(folder, { classes: { classes: ["a"], palette: [[0, 0, 0]] } }).split("train");
    assertEquals(items.map(({ name }) => name), ["2024/images/a", "2025/images/a", "b"]);
  }));

Deno.test("labels are found in folders, and by the usual suffixes", () =>
  withFolder((folder) => {
    write(join(folder, "dataset.json"), '{"name": "n", "classes": ["a", "b"]}');
    const pairs: [image: string, label: string][] = [
      ["1.png", "1_mask.png"],
      ["2.jpg", "2.jpg.png"],
      ["3_leftImg8bit.png", "3_gtFine_labelIds.png"],
      ["aachen/0.png", "aachen/0.PNG"],
      ["ulm/0.png", "ulm/0_labelTrainIds.png"],
      ["x_image.png", "x_label.png"],
    ];
    for (const [image, label] of pairs) {
      write(join(folder, "train/images", image), "");
      write(join(folder, "train/labels", label), "");
    }
    write(join(folder, "train/labels/3_gtFine_color.png"), "");
    const { items } = openDataset(folder).split("train");
    assertEquals(
      items.map(({ labelPath }) => labelPath),
      pairs.map(([, label]) => join(folder, "train/labels", label)),
    );
    assertEquals(items.map(({ name }) => name), ["1", "2", "3_leftImg8bit", "aachen/0", "ulm/0", "x_image"]);
  }));

Deno.test("labels of another kind are named with what would do", () =>
  withFolder((folder) => {
    write(join(folder, "dataset.json"), '{"name": "n", "classes": ["a", "b"]}');
    for (const [split, ending] of [["array", "npy"], ["photo", "jpg"]]) {
      write(join(folder, `${split}/images/1.png`), "");
      write(join(folder, `${split}/labels/1.${ending}`), "");
    }
    const dataset = openDataset(folder);
    assertSentence(() => dataset.split("array"), "are no PNG files: it holds 1.npy, expected 1.png");
    assertSentence(() => dataset.split("photo"), "it holds 1.jpg", "JPEG changes the ids");
  }));

Deno.test("dataset.json may have comments, UTF-16, hex colours, and classes by their ids", () =>
  withFolder((folder) => {
    const path = join(folder, "dataset.json");
    const wanted = { name: "n", classes: ["road", "a // b"], palette: [[128, 64, 128], [255, 255, 255]] };
    const texts = [
      `{ // mine
        "name": "n", /* both */ "classes": ["road", "a // b",], "palette": [[128, 64, 128], [255, 255, 255]],
      }`,
      '{"name": "n", "classes": {"1": "a // b", "0": "road"}, "palette": ["#804080", "#FFF"]}',
    ];
    const bytes = (text: string, order: "LE" | "BE", mark: boolean) => {
      const view = new DataView(new ArrayBuffer(2 * text.length));
      for (let index = 0; index < text.length; index++) {
        view.setUint16(2 * index, text.charCodeAt(index), order === "LE");
      }
      const marks = order === "LE" ? [0xff, 0xfe] : [0xfe, 0xff];
      return Uint8Array.from([...(mark ? marks : []), ...new Uint8Array(view.buffer)]);
    };
    const json = JSON.stringify(wanted);
    const contents = [
      ...texts,
      `\ufeff${json}`,
      bytes(json, "LE", true),
      bytes(json, "BE", true),
      bytes(json, "LE", false),
    ];
    write(join(folder, "train/images/a.png"), "");
    for (const content of contents) {
      write(path, content);
      const { name, classes, palette } = openDataset(folder);
      assertEquals(JSON.stringify({ name, classes, palette }), json);
    }
    write(path, '{"name": "n", // a\n "classes": ["a"] "b"}');
    assertSentence(() => openDataset(folder), "it is not JSON", "line 2 column 19");
    write(path, '{"name": "n", "classes": {"0": "a", "2": "b"}}');
    assertSentence(
      () => openDataset(folder),
      'key "classes"',
      "found Object, expected the names in the order of their ids",
    );
    write(path, '{"name": "n", "classes": ["a"], "palette": ["red"]}');
    assertSentence(() => openDataset(folder), 'key "palette.0": found "red", expected a colour, such as');
  }));

Deno.test("where some images lack labels, the others are the labelled part, and their number is said", () =>
  withFolder((folder) => {
    writeSmallDataset(folder, 5);
    Deno.removeSync(join(folder, "train/labels/1.png"));
    Deno.removeSync(join(folder, "train/labels/3.png"));
    const dataset = openDataset(folder);
    const { items, notices } = labelledPart(dataset.split("train"), dataset);
    assertEquals(items.map(({ name }) => name), ["0", "2", "4"]);
    assert(notices[0]?.includes("has labels for 3 of 5 images: the other 2 are left out"), notices[0]);
  }));

Deno.test("different images have different names, also where one is called like another with its ending", () => {
  assertEquals(imageTitles(["a.jpg", "b.jpg", "b.png"]), ["a", "b.jpg", "b.png"]);
  assertEquals(imageTitles(["a.jpg", "a.png", "a.jpg.png"]), ["a.jpg", "a.png", "a.jpg.png"]);
});
