import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { labelSet } from "../../src/data/label_sets.ts";
import { reportOn } from "../../src/run/dataset_report.ts";
import { datasetSheet } from "../../src/run/dataset_sheet.ts";
import { silent as progress } from "../../src/selftraining/progress.ts";
import { withFolder } from "../data/pictures.ts";
import { labelBytes, ringPoints, scanBytes, writeAt } from "../data/scans/made_scans.ts";

/** Seven scans of `points` points; the labels of the fourth on are those of a car, a road, nothing, and a tree. */
function writeSequence(folder: string, sequence: string, points: number, scans = 7): void {
  const ids = Array.from({ length: points }, (_, index) => [10, 40, 0, 70][index % 4] ?? 0);
  for (let frame = 0; frame < scans; frame++) {
    const root = join(folder, "sequences", sequence);
    writeAt(join(root, "velodyne", `00000${frame}.bin`), scanBytes(ringPoints(points, frame)));
    writeAt(join(root, "labels", `00000${frame}.label`), labelBytes(ids));
  }
}

Deno.test("a report counts the points of scans, and names every scan and every label file that cannot be used", () =>
  withFolder(async (folder) => {
    writeSequence(folder, "00", 40);
    writeSequence(folder, "08", 20, 1);
    const root = join(folder, "sequences/00");
    const rows = ringPoints(40);
    rows.splice(0, 3, [NaN, 1, 1, 0], [0, 0, 0, 0.5], [1, Infinity, 0, 0]);
    writeAt(join(root, "velodyne/000000.bin"), scanBytes(rows));
    writeAt(join(root, "velodyne/000001.bin"), scanBytes(ringPoints(40)).slice(0, -3));
    writeAt(join(root, "velodyne/000002.bin"), "");
    writeAt(join(root, "labels/000003.label"), labelBytes([10]));
    writeAt(join(root, "labels/000004.label"), labelBytes(new Array<number>(41).fill(10)));
    writeAt(join(root, "labels/000005.label"), labelBytes([...new Array<number>(39).fill(10), 12]));
    Deno.removeSync(join(root, "labels/000006.label"));
    const { report, usable } = await reportOn(folder, { progress });
    const whole = { labelledPoints: 30, points: 80, droppedPoints: 3, pointsOfScan: { fewest: 40, most: 40 } };
    assertEquals(report.splits["train"], { images: 7, labelled: 6, sizes: { "64x2048": 7 }, ...whole });
    const val = { images: 1, labelled: 1, sizes: { "64x2048": 1 } };
    assertEquals(report.splits["val"], {
      ...{ ...val, points: 20, labelledPoints: 15, droppedPoints: 0, pointsOfScan: { fewest: 20, most: 20 } },
    });
    assertEquals([report.layout, report.points, report.labelledPoints], ["semantickitti", 100, 45]);
    assertEquals(report.classes, labelSet("semantickitti-19").classes);
    assertEquals([report.histogram["car"], report.histogram["vegetation"], report.ignored], [15, 15, 15]);
    assertEquals(usable.get("train")?.map(({ name }) => name), ["00/000000", "00/000006"]);
    const problems: [string, string][] = [
      ["velodyne/000001.bin", "its 637 bytes are no multiple of 16"],
      ["velodyne/000002.bin", "the file is empty"],
      ["labels/000003.label", "1 labels, fewer than the 40 points"],
      ["labels/000004.label", "41 labels, more than the 40 points"],
      ["labels/000005.label", "the id 12 of point 39"],
      ["velodyne/000006.bin", "has no labels"],
    ];
    assertEquals(report.problems.map(({ file }) => file), problems.map(([file]) => `sequences/00/${file}`));
    for (const [index, [, part]] of problems.entries()) {
      assertStringIncludes(report.problems[index]?.problem ?? "", part);
    }
  }));

Deno.test("a sheet shows scans from above, in the colours of their classes", () =>
  withFolder(async (folder) => {
    writeSequence(folder, "00", 400, 1);
    const { pixels } = await datasetSheet([await reportOn(folder, { progress })], { maxPixels: 1e6 });
    const counts = new Map<string, number>();
    for (let place = 0; place < pixels.length; place += 3) {
      const color = pixels.slice(place, place + 3).join();
      counts.set(color, (counts.get(color) ?? 0) + 1);
    }
    const { palette, classes } = labelSet("semantickitti-19");
    const seen = (name: string) => counts.get(palette[classes.indexOf(name)]?.join() ?? "") ?? 0;
    // The legend shows every class once.
    for (const name of ["car", "road", "vegetation"]) assert(seen(name) > seen("truck") + 10, name);
  }));
