import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { imageItems, openDataset, openLoader } from "../../../src/data/folder.ts";
import { listedPart, parseImageList } from "../../../src/data/image_list.ts";
import { labelSet } from "../../../src/data/label_sets.ts";
import { kittiSensor } from "../../../src/data/scans/sensor.ts";
import { errorText } from "../../../src/errors.ts";
import { testWithShared } from "../../shared.ts";
import { withFolder } from "../pictures.ts";
import { labelBytes, ringPoints, scanBytes, writeAt, writeNuscenes } from "./made_scans.ts";

/** Writes a sequence of two scans of eight points, with labels in some folders. */
function writeSequence(root: string, sequence: string, labelled: readonly string[]): void {
  for (const frame of ["000000", "000005"]) {
    writeAt(join(root, sequence, "velodyne", `${frame}.bin`), scanBytes(ringPoints(8)));
    for (const folder of labelled) {
      writeAt(join(root, sequence, folder, `${frame}.label`), labelBytes([10, 40, 0, 0, 50, 70, 252, 99]));
    }
  }
}

const size = { height: 16, width: 64 };

Deno.test("a sensor.json in SemanticKITTI's layout says how the scans are seen, and is read strictly", () =>
  withFolder((folder) => {
    const sensor = { rows: 32, columns: 1084, rule: "angle", up: 11, down: -31, nearest: 0.9 };
    writeAt(join(folder, "sequences/00/velodyne/000000.bin"), new Uint8Array(16));
    writeAt(join(folder, "sensor.json"), new TextEncoder().encode(JSON.stringify(sensor)));
    const [item] = openDataset(folder).split("train").items;
    assertEquals({ ...item?.sensor }, { name: join(folder, "sensor.json"), ...sensor });
    writeAt(join(folder, "sensor.json"), new TextEncoder().encode(JSON.stringify({ ...sensor, rule: "spiral" })));
    assertThrows(() => openDataset(folder).split("train"), Error, "sensor.json");
  }));

Deno.test("a scan is seen in the view that its data set describes, however it is named", () =>
  withFolder((folder) => {
    const scan = join(folder, "set/dataset/sequences/00/velodyne/000000.bin");
    writeAt(scan, new Uint8Array(16));
    writeAt(join(folder, "plain/a/one.bin"), new Uint8Array(16));
    for (const set of ["set", "plain"]) {
      writeAt(
        join(folder, set, "sensor.json"),
        JSON.stringify({ rows: 21, columns: 512, rule: "angle", up: 3, down: -25, nearest: 2 }),
      );
    }
    const rowsOf = (path: string) => imageItems([path]).items.map(({ sensor }) => sensor?.rows);
    const places = ["", "dataset", "dataset/sequences", "dataset/sequences/00/velodyne"].map((place) =>
      join(folder, "set", place)
    );
    for (const place of [...places, scan, join(folder, "plain")]) assertEquals(rowsOf(place), [21], place);
    // A folder above the data set's tells nothing of it, nor does that of another.
    writeAt(join(folder, "other/velodyne/one.bin"), new Uint8Array(16));
    writeAt(join(folder, "sensor.json"), "no JSON");
    assertEquals(rowsOf(join(folder, "other/velodyne")), [64]);
    assertEquals(openDataset(places[2] ?? "").split("train").items[0]?.sensor?.rows, 21);
  }));

Deno.test("SemanticKITTI is known by its sequences, with its splits, wherever they lie", async () => {
  for (const place of ["sequences", "dataset/sequences", ""]) {
    await withFolder(async (folder) => {
      const root = join(folder, place);
      for (const sequence of ["00", "07", "08", "10"]) writeSequence(root, sequence, ["labels"]);
      writeSequence(root, "11", []);
      const dataset = openDataset(folder);
      assertEquals([dataset.layout, dataset.splitNames()], ["semantickitti", ["train", "val", "test"]]);
      assertEquals(dataset.classes, labelSet("semantickitti-19").classes);
      const names = (split: string) => dataset.split(split).items.map(({ name }) => name);
      assertEquals(names("train"), ["00/000000", "00/000005", "07/000000", "07/000005", "10/000000", "10/000005"]);
      assertEquals(names("val"), ["08/000000", "08/000005"]);
      assertEquals(names("test"), ["11/000000", "11/000005"]);
      assertEquals(dataset.split("test").items.map(({ labelPath }) => labelPath), [null, null]);
      assertEquals(dataset.labelPath("train", "00/000005"), join(root, "00", "labels", "000005.label"));
      const [first] = dataset.split("train").items;
      assertEquals(first?.sensor, kittiSensor);
      using loader = openLoader({ workers: 1 });
      for await (const { image, labels } of loader.load(dataset.split("train").items.slice(0, 1), { size })) {
        assertEquals([image.height, image.width, image.sensor], [8, 1, kittiSensor]);
        assertEquals(image.pixels, new Float32Array(ringPoints(8).flat()));
        assertEquals(labels, new Uint8Array([0, 8, 255, 255, 12, 14, 0, 255]));
      }
    });
  }
});

Deno.test("ScribbleKITTI is known by its scribbles, which only the split train has", () =>
  withFolder((folder) => {
    const root = join(folder, "sequences");
    for (const sequence of ["00", "08"]) writeSequence(root, sequence, ["labels"]);
    writeSequence(root, "00", ["scribbles"]);
    const dataset = openDataset(folder);
    assertEquals(dataset.layout, "scribblekitti");
    const labels = (split: string) => dataset.split(split).items[0]?.labelPath;
    assertEquals(labels("train"), join(root, "00", "scribbles", "000000.label"));
    assertEquals(labels("val"), join(root, "08", "labels", "000000.label"));
    const full = openDataset(folder, { layout: "semantickitti" });
    assertEquals(full.split("train").items[0]?.labelPath, join(root, "00", "labels", "000000.label"));
  }));

Deno.test("scans without labels and labels without a scan are both told", () =>
  withFolder((folder) => {
    const root = join(folder, "sequences");
    writeSequence(root, "03", ["labels"]);
    Deno.removeSync(join(root, "03", "labels", "000000.label"));
    writeAt(join(root, "03", "labels", "000009.label"), labelBytes([0]));
    const { items, notices } = openDataset(folder).split("train");
    assertEquals(items.map(({ labelPath }) => labelPath !== null), [false, true]);
    assertEquals(notices.map((text) => text.replace(folder, "")), [
      "Left out of /sequences/03/labels: 1 label file without a scan in velodyne, such as 000009.label",
    ]);
    assertThrows(() => openDataset(folder).split("val"), Error, 'has no split "val". It has: train');
  }));

testWithShared("the small SemanticKITTI has 40 scans to train on and 5 to score on, all labelled", [
  "data/lidar/semantickitti-mini",
], async (folder) => {
  const dataset = openDataset(folder);
  const splits = ["train", "val"].map((name) => dataset.split(name).items);
  assertEquals(splits.map(({ length }) => length), [40, 5]);
  assertEquals(splits.flat().filter(({ labelPath }) => labelPath === null), []);
  using loader = openLoader({ workers: 1 });
  const [first = null] = splits[0] ?? [];
  if (first === null) return;
  const { image, labels } = await loader.loadOne(first, { size });
  assertEquals([image.height, labels?.length], [124668, 124668]);
});

Deno.test("nuScenes is known by its tables: keyframes, official splits, labels by token", () =>
  withFolder((folder) => {
    writeNuscenes(folder, "v1.0-trainval", [
      ["ta", "sa", "scene-0001", "a"],
      ["tb", "sb", "scene-0003", "b"],
      ["tc", "sc", "scene-0553", "c"],
      ["td", "sd", "scene-0001", "d"],
    ]);
    Deno.removeSync(join(folder, "samples/LIDAR_TOP/d.pcd.bin"));
    for (const token of ["ta", "tb"]) {
      writeAt(
        join(folder, "lidarseg/v1.0-trainval", `${token}_lidarseg.bin`),
        new Uint8Array([0, 9, 14, 15, 16, 17, 24, 31]),
      );
    }
    const dataset = openDataset(folder);
    assertEquals([dataset.layout, dataset.splitNames()], ["nuscenes", ["train", "val"]]);
    assertEquals(dataset.classes, labelSet("nuscenes-16").classes);
    const train = dataset.split("train");
    assertEquals(train.items.map(({ name, token, otherNames }) => [name, token, otherNames]), [["a", "ta", ["sa"]]]);
    assertEquals(train.items[0]?.labelPath, join(folder, "lidarseg/v1.0-trainval/ta_lidarseg.bin"));
    assertEquals(train.notices.map((text) => text.replace(folder, "DIR")), [
      'Left out of the split "train" of DIR: 1 keyframe without a file, such as d.pcd.bin',
    ]);
    assertEquals(dataset.split("val").items.map(({ name, labelPath }) => [name, labelPath !== null]), [
      ["b", true],
      ["c", false],
    ]);
    assertEquals(dataset.labelPath("val", "c"), join(folder, "lidarseg/v1.0-trainval/tc_lidarseg.bin"));
  }));

Deno.test("in nuScenes' mini tables a scene may be in another split than in the full ones", () =>
  withFolder((folder) => {
    writeNuscenes(folder, "v1.0-mini", [["ta", "sa", "scene-0553", "a"], ["tb", "sb", "scene-0916", "b"]]);
    const dataset = openDataset(folder);
    assertEquals(["train", "val"].map((split) => dataset.split(split).items.map(({ name }) => name)), [["a"], ["b"]]);
  }));

Deno.test("a damaged table of nuScenes is named", () =>
  withFolder((folder) => {
    writeNuscenes(folder, "v1.0-mini", [["ta", "sa", "scene-0553", "a"]]);
    const table = join(folder, "v1.0-mini", "sample_data.json");
    const text = Deno.readTextFileSync(table);
    const list = () => openDataset(folder).splitNames();
    const refused = (content: string, message: string) => {
      Deno.writeTextFileSync(table, content);
      assertThrows(list, Error, message);
    };
    refused(text.slice(0, 60), "the file is cut short");
    refused(text.replace('"is_key_frame": true', '"is_key_frame": "yes"'), 'row 1: key "is_key_frame"');
    refused(text.replace('"token": "ta"', '"token" "ta"'), "row 1: it is not JSON");
    refused(
      text.replace('"sample_token": "sa"', '"sample_token": "sx"'),
      'the sample "sx" of "samples/LIDAR_TOP/a.pcd.bin"',
    );
    Deno.writeTextFileSync(table, text);
    Deno.removeSync(join(folder, "v1.0-mini", "scene.json"));
    Deno.utimeSync(table, 1, 1);
    assertThrows(list, Error, "scene.json: there is no such file");
  }));

testWithShared("keyframes of nuScenes without labels are all scans to adapt to", ["data/lidar/nuscenes"], (folder) => {
  const dataset = openDataset(folder);
  assertEquals([dataset.layout, dataset.splitNames()], ["nuscenes", ["train"]]);
  const { items } = dataset.split("train");
  assertEquals(items.map(({ labelPath, token }) => [labelPath, token?.slice(0, 4)]), [
    ...[[null, "285c"], [null, "7c1b"], [null, undefined], [null, "49cd"]],
  ]);
});

Deno.test("a folder of scans that says nothing of classes is one to adapt to", () =>
  withFolder((folder) => {
    for (const name of ["a/1.bin", "a/2.pcd.bin", "3.bin"]) writeAt(join(folder, name), new Uint8Array(80));
    assertThrows(() => openDataset(folder), Error, "holds LiDAR scans, but nothing that tells the classes");
    const dataset = openDataset(folder, { classes: { classes: ["road"], palette: [[1, 2, 3]] } });
    assertEquals([dataset.layout, dataset.splitNames()], ["scans", ["train"]]);
    assertEquals(dataset.split("train").items.map(({ name, sensor }) => [name, sensor?.name]), [
      ...[["3", "kitti"], ["a/1", "kitti"], ["a/2", "nuscenes"]],
    ]);
    assertEquals(imageItems([folder]).items.map(({ name }) => name), ["3", "a/1", "a/2"]);
    assertEquals(imageItems([join(folder, "a/2.pcd.bin")]).items.map(({ name, sensor }) => [name, sensor?.name]), [
      ["2", "nuscenes"],
    ]);
  }));

Deno.test("scans of several sequences may be given file by file", () =>
  withFolder((folder) => {
    const root = join(folder, "sequences");
    for (const sequence of ["00", "08"]) writeSequence(root, sequence, ["labels"]);
    const paths = ["00", "08"].map((sequence) => join(root, sequence, "velodyne", "000000.bin"));
    const given = imageItems(paths).items;
    assertEquals(given.map(({ name, labelPath }) => [name, labelPath]), [["00/000000", null], ["08/000000", null]]);
    assertEquals(imageItems([folder]).items.map(({ name }) => name), [
      ...["00/000000", "00/000005", "08/000000", "08/000005"],
    ]);
    const [{ error } = { error: null }] = imageItems([join(root, "00", "labels", "000000.label")]).failed;
    assertStringIncludes(errorText(error), "or a scan, .bin");
  }));

Deno.test("a list selects scans by sequence and frame, by path and by the token of a sample", () =>
  withFolder((folder) => {
    for (const sequence of ["00", "03"]) writeSequence(join(folder, "kitti/sequences"), sequence, ["labels"]);
    writeNuscenes(join(folder, "nuscenes"), "v1.0-trainval", [["ta", "sa", "scene-0001", "a"], [
      "tb",
      "sb",
      "scene-0002",
      "b",
    ]]);
    const selected = (name: string, text: string) => {
      const dataset = openDataset(join(folder, name));
      return listedPart(dataset.split("train"), dataset, parseImageList(text, "list")).items.map((item) => item.name);
    };
    assertEquals(selected("kitti", "03/000005\nsequences/00/velodyne/000000.bin\n"), ["00/000000", "03/000005"]);
    assertThrows(() => selected("kitti", "00/000005\n05/000000\n"), Error, '"05/000000" (line 2)');
    assertEquals(selected("nuscenes", "sb\n"), ["b"]);
    assertEquals(selected("nuscenes", "ta\n"), ["a"]);
  }));
