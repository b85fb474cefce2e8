import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { openDataset, readLabelSet } from "../../src/data/folder.ts";
import { listedPart, readImageList } from "../../src/data/image_list.ts";
import { plainPng, withFolder, write, writeSmallDataset } from "./pictures.ts";

function assertSentence(action: () => unknown, ...parts: string[]): void {
  const error = assertThrows(action, Error);
  for (const part of parts) assert(error.message.includes(part), `"${error.message}" lacks "${part}"`);
}

/** The names of the images of the split `train` that a list selects. */
function selected(folder: string, text: string): string[] {
  write(join(folder, "chosen.txt"), text);
  const dataset = openDataset(folder);
  return listedPart(dataset.split("train"), dataset, readImageList(join(folder, "chosen.txt"))).items
    .map(({ name }) => name);
}

Deno.test("a list selects images by path, name, split and name, or file name, in the split's order", () =>
  withFolder((folder) => {
    writeSmallDataset(folder, 3);
    for (const name of ["a/x.png", "b/x.png", "b/y_leftImg8bit.png"]) {
      write(join(folder, "train/images", name), plainPng(6, 8, [0, 0, 0]));
    }
    write(join(folder, "val/images/9.png"), plainPng(6, 8, [0, 0, 0]));
    const cases: [string, string[]][] = [
      ["2\n\n0\r\n", ["0", "2"]],
      ["train/1\ntrain/images/0.png\n", ["0", "1"]],
      ["./train/images/1.png", ["1"]],
      [join(folder, "train/images/2.png"), ["2"]],
      ["elsewhere/y_leftImg8bit.jpg\tgone.png", ["b/y_leftImg8bit"]],
      ["b/x\n1\n1", ["1", "b/x"]],
      ["val/9\n1", ["1"]],
    ];
    for (const [text, names] of cases) assertEquals(selected(folder, text), names, text);
    assertSentence(() => selected(folder, "1\n\n7\n8"), "names 2 images", '"7" (line 3), "8" (line 4)');
    assertSentence(() => selected(folder, "deep/x.png"), "in line 1", "a/x and b/x");
    assertSentence(() => selected(folder, "val/9"), 'names no image of the split "train"');
    assertSentence(() => selected(folder, "\n \n"), "it has no line");
    assertSentence(() => selected(folder, "1\t2\t3"), "line 1 has 3 parts");
    assertSentence(() => readImageList(join(folder, "none")), "there is no such file");
  }));

Deno.test("lists of images and labels are a data set: in its folder, elsewhere, and by themselves", () =>
  withFolder((folder) => {
    const root = join(folder, "data");
    writeSmallDataset(join(folder, "made"), 3);
    Deno.mkdirSync(root);
    Deno.renameSync(join(folder, "made/train/images"), join(root, "rgb"));
    Deno.renameSync(join(folder, "made/train/labels"), join(root, "gt"));
    Deno.renameSync(join(folder, "made/dataset.json"), join(root, "dataset.json"));
    const pair = (index: number) => `rgb/${index}.png\tgt/${index}.png\n`;
    write(join(root, "notes.txt"), "a list\nof nothing");
    write(join(root, "train.lst"), pair(2) + pair(0));
    write(join(root, "val.tsv"), "rgb/1.png\tgt/1.png\r\n");
    const dataset = openDataset(root);
    assertEquals([dataset.layout, dataset.splitNames()], ["list", ["train", "val"]]);
    const { items } = dataset.split("train");
    assertEquals(items.map(({ name }) => name), ["rgb/0", "rgb/2"]);
    assertEquals(items[1]?.labelPath, join(root, "gt/2.png"));
    assertSentence(() => dataset.split("test"), 'has no split "test". It has: train, val');
    const alone = openDataset(join(root, "train.lst"));
    assertEquals([alone.layout, alone.classes.length, alone.split("val").items.length], ["list", 3, 2]);
    for (const name of ["dataset.json", "train.lst", "val.tsv"]) Deno.removeSync(join(root, name));
    write(join(folder, "lists/all.txt"), pair(0) + pair(1) + pair(2));
    const list = readImageList(join(folder, "lists/all.txt"));
    assertSentence(
      () => openDataset(join(folder, "lists/all.txt")),
      "it lists images with their labels, but nothing names the classes of these",
      "Write a dataset.json beside the list",
      "or name the label set",
    );
    write(join(folder, "own.json"), JSON.stringify({ name: "own", classes: ["a", "b", "c"], ignore: 7 }));
    const labelSet = readLabelSet(join(folder, "own.json"));
    const named = openDataset(root, { list: readImageList(join(folder, "lists/all.txt")), labelSet });
    const [item] = named.split("train").items;
    assertEquals([named.layout, named.classes], ["list", ["a", "b", "c"]]);
    assertEquals([0, 2, 3, 7].map((id) => item?.labelTable[id]), [0, 2, -1, 255]);
    assertSentence(() => openDataset(join(folder, "made"), { labelSet }), "no dataset.json");
    const given = { classes: ["a", "b", "c"], palette: [] };
    const elsewhere = openDataset(root, { list, classes: given });
    assertEquals(listedPart(elsewhere.split("train"), elsewhere, list).items.length, 3);
    // What is missing is left to those who look at every file.
    write(join(root, "train.lst"), `# two pairs\n#\n${pair(0)}rgb/7.png\tgt/7.png`);
    const part = openDataset(root, { classes: given }).split("train");
    assertEquals(part.items.map(({ imagePath }) => imagePath), [join(root, "rgb/0.png"), join(root, "rgb/7.png")]);
    write(join(root, "train.lst"), "rgb/7.png\tgt/7.png");
    assertSentence(
      () => openDataset(root, { classes: given }).split("train"),
      '"rgb/7.png" in line 1',
      "there is no file",
    );
    assertSentence(() => openDataset(join(root, "notes.txt")), "it is a file, expected a folder, or a list");
  }));

Deno.test("a layout that is asked for must be there; openDataset() says which one it found", () =>
  withFolder((folder) => {
    writeSmallDataset(folder, 1);
    assertEquals(openDataset(folder).layout, "folders");
    assertEquals(openDataset(folder, { layout: "folders" }).layout, "folders");
    assertSentence(() => openDataset(folder, { layout: "list" }), "has not the layout list. It looks like folders");
    const photos = openDataset(join(folder, "train/images"), { classes: { classes: ["a"], palette: [] } });
    assertEquals(photos.layout, "photos");
  }));
