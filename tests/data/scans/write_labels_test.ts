import { assertEquals, assertThrows } from "@std/assert";
import { labelSet } from "../../../src/data/label_sets.ts";
import { decodeScanLabels } from "../../../src/data/scans/read_scan.ts";
import {
  encodeScanLabels,
  rawIdsOfClasses,
  scanLabelPath,
  tableOfRawIds,
} from "../../../src/data/scans/write_labels.ts";

const sets = ["semantickitti-19", "nuscenes-16"].map((name) => labelSet(name).classes);

Deno.test("a class is written as the first of its raw ids, and what is ignored as 0", () => {
  const [kitti = [], nuscenes = []] = sets.map(rawIdsOfClasses);
  assertEquals([...kitti.slice(0, 6), kitti[18], kitti[19], kitti[255]], [10, 11, 15, 18, 13, 30, 81, 0, 0]);
  assertEquals([nuscenes[0], nuscenes[2], nuscenes[6], nuscenes[15], nuscenes[255]], [9, 15, 2, 30, 0]);
  assertEquals([...rawIdsOfClasses(["road", "car"]).slice(0, 3)], [1, 2, 0]);
});

Deno.test("labels that were written are read again, in both forms", () => {
  for (const classes of [...sets, ["road", "car"]]) {
    const labels = Uint8Array.from([...classes.keys(), 255, 0]);
    for (const path of ["a.label", "a_lidarseg.bin"]) {
      const bytes = encodeScanLabels(labels, rawIdsOfClasses(classes), path);
      assertEquals(bytes.length, labels.length * (path === "a.label" ? 4 : 1));
      assertEquals(decodeScanLabels(bytes, path, tableOfRawIds(classes), labels.length).labels, labels);
    }
  }
});

Deno.test("an id that a byte does not hold is refused", () => {
  const ids = new Uint16Array(256).fill(256, 3, 4);
  assertEquals(encodeScanLabels(new Uint8Array([3, 255]), ids, "a.label"), new Uint8Array([0, 1, 0, 0, 0, 0, 0, 0]));
  assertThrows(
    () => encodeScanLabels(new Uint8Array([3]), ids, "a_lidarseg.bin"),
    RangeError,
    "a class has the id 256",
  );
});

Deno.test("labels are called as their data set wants them", () => {
  const path = (imagePath: string, token?: string) =>
    scanLabelPath({ name: "name", imagePath, ...(token === undefined ? {} : { token }) });
  assertEquals(path("/data/sequences/08/velodyne/000003.bin"), "sequences/08/predictions/000003.label");
  assertEquals(path("sequences\\08\\velodyne\\000003.bin"), "sequences/08/predictions/000003.label");
  assertEquals(path("samples/LIDAR_TOP/n015.pcd.bin", "49cd"), "49cd_lidarseg.bin");
  assertEquals(path("n015.pcd.bin"), "name_lidarseg.bin");
  assertEquals(path("a/b.bin"), "name.label");
});
