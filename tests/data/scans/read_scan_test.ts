import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { decodeSample, type FileItem } from "../../../src/data/file_item.ts";
import { idTable } from "../../../src/data/class_map.ts";
import { labelSet } from "../../../src/data/label_sets.ts";
import { idsOf } from "../../../src/data/layouts/official.ts";
import { decodeScan, decodeScanLabels, isScanName } from "../../../src/data/scans/read_scan.ts";
import { kittiSensor, nuscenesSensor } from "../../../src/data/scans/sensor.ts";
import { labelBytes, scanBytes } from "./made_scans.ts";

const table = idTable(idsOf(labelSet("semantickitti-19"), "semantickitti"));
const size = { height: 16, width: 64 };

function item(overrides: Partial<FileItem> = {}): FileItem {
  return {
    ...{ name: "00/000000", imagePath: "00/000000.bin", labelPath: "00/000000.label" },
    ...{ labelTable: table, sensor: kittiSensor, ...overrides },
  };
}

const rows = [[1, 2, 3, 0.5], [NaN, 0, 0, 0], [0, 0, 0, 0]];

Deno.test("a scan keeps the rows of its file, whatever the working size, and labels are train ids", async () => {
  const bytes = { image: scanBytes(rows), labels: labelBytes([10, 259, 0]) };
  const sample = await decodeSample(item(), bytes, { size });
  assertEquals(sample.image.height, 3);
  assertEquals(sample.image.width, 1);
  assertEquals(sample.image.sensor, kittiSensor);
  assertEquals(sample.image.pixels, new Float32Array(rows.flat()));
  assertEquals(sample.labels, new Uint8Array([0, 4, 255]));
  assertEquals(sample.labelSize, { height: 3, width: 1 });
  assertEquals(sample.originalSize, { height: 3, width: 1 });
});

Deno.test("labels of a scan are left out, or read alone, as with photos", async () => {
  const bytes = { image: scanBytes(rows), labels: labelBytes([10, 11, 0]) };
  assertEquals((await decodeSample(item(), bytes, { size, labels: "none" })).labels, null);
  const only = await decodeSample(item(), { ...bytes, image: null }, { size, labels: "only" });
  assertEquals(only.labels, new Uint8Array([0, 1, 255]));
  assertEquals([only.image.height, only.image.pixels.length], [3, 0]);
});

Deno.test("a .pcd.bin has a ring, and its labels are bytes", async () => {
  const five = [[1, 2, 3, 255, 31], [4, 5, 6, 0, 0]];
  const nuscenes = idTable(idsOf(labelSet("nuscenes-16"), "nuscenes"));
  const scan = item({
    ...{ imagePath: "a.pcd.bin", labelPath: "a_lidarseg.bin", labelTable: nuscenes, sensor: nuscenesSensor },
  });
  const sample = await decodeSample(scan, { image: scanBytes(five), labels: new Uint8Array([17, 31]) }, { size });
  assertEquals(sample.image.pixels, new Float32Array(five.flat()));
  assertEquals(sample.labels, new Uint8Array([3, 255]));
});

Deno.test("the bytes of a scan may begin anywhere in a buffer", () => {
  const bytes = new Uint8Array([9, ...scanBytes(rows)]).subarray(1);
  assertEquals(decodeScan(bytes, "a.bin").pixels, new Float32Array(rows.flat()));
});

Deno.test("a scan whose length is that of no points is named", () => {
  const read = (bytes: Uint8Array, path: string) => () => decodeScan(bytes, path, undefined, { maxPixels: 5 });
  assertThrows(read(new Uint8Array(0), "a.bin"), Error, "Cannot read the scan a.bin: the file is empty");
  assertThrows(read(new Uint8Array(17), "a.bin"), Error, "17 bytes are no multiple of 16");
  assertThrows(read(new Uint8Array(20), "a.bin"), Error, "are read where their names end with .pcd.bin");
  assertThrows(read(new Uint8Array(16), "a.pcd.bin"), Error, "are read where their names end with .bin");
  assertThrows(read(new Uint8Array(96), "a.bin"), Error, "it has 6 points, more than the 5");
});

Deno.test("labels that do not fit a scan are named", async () => {
  const labels = (bytes: Uint8Array, path = "a.label") => () => decodeScanLabels(bytes, path, table, 3);
  assertThrows(labels(labelBytes([10, 10])), Error, "it holds 2 labels, fewer than the 3 points");
  assertThrows(labels(labelBytes([10, 10, 10, 10])), Error, "it holds 4 labels, more than the 3 points");
  assertThrows(labels(new Uint8Array(0)), Error, "the file is empty");
  assertThrows(labels(labelBytes([10]).subarray(1)), Error, "its 3 bytes are no multiple of 4");
  assertThrows(labels(labelBytes([10, 10, 21])), Error, "the id 21 of point 2 is none of the");
  assertThrows(labels(labelBytes([10, 10, 65535])), Error, "the id 65535 of point 2");
  await assertRejects(
    () => decodeSample(item(), { image: scanBytes(rows), labels: labelBytes([10]) }, { size }),
    Error,
    "Cannot use the labels 00/000000.label: it holds 1 labels, fewer than the 3 points",
  );
});

Deno.test("files of labels are no scans by their names", () => {
  assertEquals(["a.bin", "a.pcd.bin", "a_lidarseg.bin", "a.label", "a.png"].map(isScanName), [
    ...[true, true, false, false, false],
  ]);
});
