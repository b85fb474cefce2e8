import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSensor } from "../../src/data/scans/read_sensor.ts";
import { kittiSensor, nuscenesSensor } from "../../src/data/scans/sensor.ts";
import { decodeImage } from "../../src/data/decode.ts";
import { readNpy } from "../../src/formats/npy.ts";
import type { ScanPoints } from "../../src/ops/scans/geometry.ts";
import { LabelFinder } from "../../src/run/labels_beside.ts";
import { namedScans } from "../../src/run/scan_names.ts";
import { write } from "../data/pictures.ts";
import { randomScan } from "../ops/scans/scans.ts";
import { nearestPoints, pointPixels } from "../twins/scans.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

const bytesOf = ({ pixels }: ScanPoints) => new Uint8Array(pixels.slice().buffer);
const npy = (path: string) => readNpy(readFileSync(path), path);

/** Checks the files of a scan against the projection in float64. */
function assertRangeImage(stem: string, scan: ScanPoints, size: { height: number; width: number }): void {
  const points = pointPixels(scan, size);
  const winners = nearestPoints(points, size);
  const [index, range] = [npy(`${stem}.index.npy`), npy(`${stem}.range.npy`)];
  assertEquals([index.dtype, index.shape, range.dtype, range.shape], [
    ...["i4", [size.height, size.width], "f4", [size.height, size.width]],
  ]);
  assertEquals(Array.from(index.data, Number), Array.from(winners));
  assertEquals(Array.from(range.data, Number), Array.from(winners, (point) => point < 0 ? -1 : points[point]?.range));
}

Deno.test("project writes index, range and picture of each scan, names broken ones and exits with 1", () =>
  inTemporaryFolder(async (folder) => {
    const [kitti, other, nuscenes] = [
      ...[randomScan(kittiSensor, 900, 31), randomScan(kittiSensor, 700, 32), randomScan(nuscenesSensor, 800, 33)],
    ];
    const paths = ["00/velodyne/000000.bin", "01/velodyne/000000.bin", "n.pcd.bin"].map((name) => join(folder, name));
    const [first = "", second = "", third = ""] = paths;
    for (const [index, scan] of [kitti, other, nuscenes].entries()) if (scan) write(paths[index] ?? "", bytesOf(scan));
    const ids = Uint32Array.from({ length: 900 }, (_, point) => [10, 40, 0][point % 3] ?? 0);
    write(join(folder, "00/labels/000000.label"), new Uint8Array(ids.buffer));
    // Too few labels: the scan is projected, and the labels are named.
    write(join(folder, "01/labels/000000.label"), new Uint8Array(ids.buffer.slice(0, 400)));
    const [cut, missing] = [join(folder, "cut\x1b[2J.bin"), join(folder, "missing.bin")];
    write(cut, new Uint8Array(1000));
    const out = join(folder, "out");
    const args = ["project", "--scans", ...paths, first, cut, missing, "--out", out, "--json"];
    const { code, stdout, stderr } = await crosswalk(...args);
    assertEquals(code, 1, stderr);
    const { scans, failed } = JSON.parse(stdout);
    assertEquals(scans.map(({ scan }: { scan: string }) => scan), [first, second, third]);
    assertEquals(failed.map(({ scan }: { scan: string }) => scan), [second, cut, missing]);
    const reasons = ["holds 100 labels, fewer than the 700 points", "no multiple of 16", "there is no such file"];
    for (const [index, reason] of reasons.entries()) assertStringIncludes(failed[index].reason, reason);
    assertEquals(stdout.includes("\x1b") || stderr.includes("\x1b"), false);
    const size = { height: 64, width: 2048 };
    if (kitti) assertRangeImage(join(out, "00/velodyne/000000"), kitti, size);
    if (other) assertRangeImage(join(out, "01/velodyne/000000"), other, size);
    if (nuscenes) assertRangeImage(join(out, "n"), nuscenes, { height: 32, width: 1920 });
    const picture = (name: string) => decodeImage(readFileSync(join(out, name)), name);
    const labelled = await picture("00/velodyne/000000.png");
    assertEquals([labelled.height, labelled.width], [132, 2048], "ranges and classes");
    const plain = await picture("01/velodyne/000000.png");
    assertEquals([plain.height, plain.width], [64, 2048], "ranges only");
    // Of the labelled pixels, a third shows cars, in their colour.
    const classes = labelled.pixels.subarray(68 * 2048 * 4);
    const cars = Array.from({ length: 64 * 2048 }, (_, pixel) => classes.subarray(4 * pixel, 4 * pixel + 3).join())
      .filter((color) => color === "100,150,245").length;
    const filled: number = scans[0].filled;
    assert(Math.abs(cars - filled / 3) < filled / 8, `${cars} of ${filled} pixels are cars`);
  }));

Deno.test("project takes a sensor from a file and a size, and says what is wrong with either", () =>
  inTemporaryFolder(async (folder) => {
    const sensor = { rows: 40, columns: 500, rule: "angle", up: 15, down: -25, nearest: 2 } as const;
    const scan = randomScan({ ...sensor, name: "own" }, 600, 41);
    const [path, file, out] = [join(folder, "scans", "a.bin"), join(folder, "own.json"), join(folder, "out")];
    write(path, bytesOf(scan));
    write(file, JSON.stringify(sensor));
    const start = (...args: string[]) => crosswalk("project", "--scans", join(folder, "scans"), "--out", out, ...args);
    assertEquals((await start("--sensor", file)).code, 0);
    assertRangeImage(join(out, "a"), scan, { height: 40, width: 500 });
    assertEquals((await start("--sensor", file, "--size", "20x90")).code, 0);
    assertRangeImage(join(out, "a"), scan, { height: 20, width: 90 });
    const unknown = await start("--sensor", "kity");
    assertEquals(unknown.code, 2);
    assertStringIncludes(unknown.stderr, "expected kitti, nuscenes or a JSON file");
    write(file, JSON.stringify({ ...sensor, beams: 3 }));
    const wrong = await start("--sensor", file);
    assertEquals(wrong.code, 1);
    assertStringIncludes(
      wrong.stderr,
      `Cannot read the sensor ${file}: key "beams": there is no such key; the keys here are rows, columns, rule, up, ` +
        "down, nearest",
    );
    const absent = await crosswalk("project", "--scans", join(folder, "nothere"), "--out", out);
    assertEquals(absent.code, 1);
    assertStringIncludes(absent.stderr, `Cannot read ${join(folder, "nothere")}: there is no such file or folder`);
    assertEquals((await start("--size", "20")).code, 2);
    const empty = join(folder, "empty");
    write(join(empty, "a.txt"), "nothing");
    const none = await crosswalk("project", "--scans", empty, "--out", out);
    assertEquals([none.code, none.stderr.includes("There is no scan in")], [2, true]);
  }));

Deno.test("a sensor's file has these six keys and no other, and its field of view is not empty", () => {
  const sensor = { rows: 32, columns: 1024, rule: "ring", up: 10, down: -30, nearest: 0.9 };
  const parse = (changed: object) => parseSensor(JSON.stringify({ ...sensor, ...changed }), "s.json");
  assertEquals(parse({}), { name: "s.json", ...sensor, rule: "ring" });
  const wrong = [
    { rows: 0 },
    { rows: 1.5 },
    { columns: 70_000 },
    { rule: "rings" },
    { up: 91 },
    { down: "-3" },
    {
      nearest: -1,
    },
    { name: "s" },
    { up: -30 },
  ];
  for (const change of wrong) {
    assertThrows(() => parse(change), Error, "Cannot read the sensor s.json", JSON.stringify(change));
  }
  const { nearest: _, ...short } = sensor;
  assertThrows(() => parseSensor(JSON.stringify(short), "s.json"), Error, "nearest");
  assertThrows(() => parseSensor('{"rows": 1, "rows": 2}', "s.json"), Error, "s.json");
});

Deno.test("results are called by stems, and where stems repeat by their folders below the common one", () => {
  const names = (...paths: string[]) => namedScans(paths).map(({ name }) => name);
  assertEquals(names("/d/a.bin", "/d/b.pcd.bin"), ["a", "b"]);
  assertEquals(names("/d/00/v/1.bin", "/d/01/v/1.bin", "/d/01/v/2.bin"), ["00/v/1", "01/v/1", "2"]);
  assertEquals(names("/d/1.bin", "/d/01/1.bin"), ["1", "01/1"]);
  assertEquals(names("/d/1.bin", "/d/./1.bin"), ["1"], "the same file");
  assertEquals(names("/d/1.bin", "/d/1.pcd.bin"), ["1.bin", "1.pcd.bin"]);
});

Deno.test("labels are found beside a scan, in the folders of SemanticKITTI, and by the tables of nuScenes", () =>
  inTemporaryFolder((folder) => {
    const finder = new LabelFinder();
    const found = (scan: string, labels: string) => {
      write(join(folder, scan), "");
      assertEquals(finder.pathOf(join(folder, scan)), null, scan);
      write(join(folder, labels), "");
      assertEquals(finder.pathOf(join(folder, scan)), join(folder, labels));
    };
    found("a/1.bin", "a/1.label");
    found("a/2.pcd.bin", "a/2_lidarseg.bin");
    found("08/velodyne/3.bin", "08/labels/3.label");
    found("09/velodyne/3.bin", "09/scribbles/3.label");
    const tables = join(folder, "n", "v1.0-mini");
    const scan = "samples/LIDAR_TOP/4.pcd.bin";
    write(join(folder, "n", scan), "");
    write(join(tables, "scene.json"), JSON.stringify([{ token: "s", name: "scene-0061" }]));
    write(join(tables, "sample.json"), JSON.stringify([{ token: "p", scene_token: "s" }]));
    const keyframe = { token: "d", sample_token: "p", is_key_frame: true, filename: scan };
    write(join(tables, "sample_data.json"), JSON.stringify([keyframe]));
    const labels = join(folder, "n", "lidarseg/v1.0-mini/d_lidarseg.bin");
    write(labels, "");
    assert(existsSync(labels));
    assertEquals(new LabelFinder().pathOf(join(folder, "n", scan)), labels);
    return Promise.resolve();
  }));
