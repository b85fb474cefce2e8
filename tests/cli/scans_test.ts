/** LiDAR scans from the command line: scores over points and pixels, labels in the files of their data sets, pictures. */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { decodeImage } from "../../src/data/decode.ts";
import { encodeRgbPng } from "../../src/data/encode.ts";
import { labelSet } from "../../src/data/label_sets.ts";
import { rawIdsOfClasses } from "../../src/data/scans/write_labels.ts";
import { scoreWithMisses } from "../../src/metrics/confusion.ts";
import { modelOf } from "../../src/nn/model.ts";
import { deeplabNano } from "../../src/nn/models/deeplab_nano.ts";
import { fidnetNanoFamily } from "../../src/nn/models/fidnet.ts";
import type { Model } from "../../src/nn/model.ts";
import { Network } from "../../src/nn/network.ts";
import { testGpu } from "../ops/harness.ts";
import { writeScanStreets } from "../run/scan_streets.ts";
import { madeScans } from "../selftraining/made_scans.ts";
import { confusionWithMisses } from "../twins/confusion_matrix.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

const { classes } = labelSet("semantickitti-19");

function write(path: string, bytes: ArrayBufferView<ArrayBuffer>): void {
  Deno.mkdirSync(join(path, ".."), { recursive: true });
  Deno.writeFileSync(path, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

async function writeWeights(path: string, model: Model): Promise<void> {
  const network = new Network(await testGpu(), model, { classes });
  network.store.initialize(3);
  Deno.writeFileSync(path, await network.save());
  network.dispose();
}

/** The rows of a scan with a ring. */
function withRings(rows: ArrayLike<number>): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: rows.length / 4 * 5 }, (_, at) => {
    const point = Math.floor(at / 5);
    return at % 5 === 4 ? point % 32 : rows[4 * point + at % 5] ?? 0;
  });
}

Deno.test("evaluate scores the labels that predict writes, over points; a scan of nuScenes gets its token's file", async () => {
  await inTemporaryFolder(async (folder) => {
    const weights = join(folder, "scans.safetensors");
    await writeWeights(weights, modelOf(fidnetNanoFamily));
    const sequence = join(folder, "kitti", "sequences", "08");
    const scans = madeScans("command", 2);
    for (const [frame, { image }] of scans.entries()) {
      write(join(sequence, "velodyne", `00000${frame}.bin`), image.pixels);
    }
    const rows = withRings(scans[0]?.image.pixels ?? []);
    write(join(folder, "alone.bin"), scans[0]?.image.pixels ?? rows);
    const nuscenes = join(folder, "nuscenes");
    write(join(nuscenes, "samples", "LIDAR_TOP", "n1.pcd.bin"), rows);
    write(join(nuscenes, "samples", "LIDAR_TOP", "n2.pcd.bin"), rows);
    const tables = {
      sample_data: [{ token: "t1", sample_token: "s", filename: "samples/LIDAR_TOP/n1.pcd.bin", is_key_frame: true }],
      sample: [{ token: "s", scene_token: "c" }],
      scene: [{ token: "c", name: "scene-0001" }],
    };
    for (const [name, table] of Object.entries(tables)) {
      write(join(nuscenes, "v1.0-mini", `${name}.json`), new TextEncoder().encode(JSON.stringify(table)));
    }

    const options = ["--weights", weights, "--size", "16x64", "--post", "knn"];
    const out = join(folder, "out");
    const velodyne = join(sequence, "velodyne");
    const files = ["n1", "n2"].map((name) => join(nuscenes, "samples", "LIDAR_TOP", `${name}.pcd.bin`));
    const images = [join(velodyne, "000000.bin"), join(velodyne, "000001.bin"), join(folder, "alone.bin"), ...files];
    const predicted = await crosswalk("predict", ...options, "--images", ...images, "--out", out, "--json");
    assertEquals(predicted.code, 0, predicted.stderr);
    const places = ["sequences/08/predictions/000000", "sequences/08/predictions/000001", "alone"];
    const labels = [...places.map((place) => `${place}.label`), "t1_lidarseg.bin", "n2_lidarseg.bin"];
    assertEquals(JSON.parse(predicted.stdout).labels, labels.map((path) => join(out, path)));
    for (const place of [...places, "t1", "n2"]) {
      const { width } = await decodeImage(Deno.readFileSync(join(out, `${place}.png`)), place);
      assertEquals(width, 1024 + 12);
    }
    const sizes = [scans[0], scans[1], scans[0]].map((scan) => 4 * (scan?.image.height ?? 0));
    assertEquals(places.map((place) => Deno.statSync(join(out, `${place}.label`)).size), sizes);
    assertEquals(Deno.statSync(join(out, "t1_lidarseg.bin")).size, scans[0]?.image.height);

    const ids = rawIdsOfClasses(classes);
    const trainId = (raw: number) => raw === 0 ? 255 : ids.indexOf(raw);
    const counts = new Array<number>(classes.length * (classes.length + 1)).fill(0);
    for (const frame of ["000000", "000001"]) {
      const found = new Uint32Array(
        Deno.readFileSync(join(out, "sequences", "08", "predictions", `${frame}.label`)).buffer,
      );
      // The truth is what was predicted, but for some points that are another class, and some that have none.
      const truth = found.map((raw, point) => point % 5 === 0 ? 0 : point % 3 === 0 ? 40 : raw);
      write(join(sequence, "labels", `${frame}.label`), truth);
      const own = confusionWithMisses([...found].map(trainId), [...truth].map(trainId), classes.length);
      own.forEach((count, index) => counts[index] = (counts[index] ?? 0) + count);
    }
    const expected = scoreWithMisses(counts);
    const evaluated = await crosswalk(
      "evaluate",
      ...options,
      "--data",
      join(folder, "kitti"),
      "--split",
      "val",
      "--json",
    );
    assertEquals(evaluated.code, 0, evaluated.stderr);
    const { miou, points, pixels, protocol } = JSON.parse(evaluated.stdout);
    assertEquals(points.accuracy, expected.accuracy);
    assertAlmostEquals(points.miou, expected.miou ?? NaN, 1e-12);
    assertAlmostEquals(points.miouPresent, expected.miouPresent ?? NaN, 1e-12);
    assertEquals(miou, points.miouPresent);
    assert(pixels.accuracy !== points.accuracy, "pixels and points score the same");
    const all = scans.reduce((sum, { image }) => sum + image.height, 0);
    assertEquals([protocol.points, protocol.post, protocol.imageSize], [all, "knn", "16x64"]);
  });
});

Deno.test("a network for photographs refuses scans by name, one for scans photographs", async () => {
  await inTemporaryFolder(async (folder) => {
    const [photos, scans] = [join(folder, "photos.safetensors"), join(folder, "scans.safetensors")];
    await writeWeights(photos, deeplabNano);
    await writeWeights(scans, modelOf(fidnetNanoFamily));
    const [scan, photo] = [join(folder, "a.bin"), join(folder, "a.png")];
    write(scan, madeScans("refused", 1)[0]?.image.pixels ?? new Uint8Array());
    write(photo, encodeRgbPng(new Uint8Array(3 * 32 * 32), 32, 32));
    for (const [weights, image, said] of [[photos, scan, "is a LiDAR scan"], [scans, photo, "is none"]] as const) {
      const out = join(folder, "out");
      const run = await crosswalk("predict", "--weights", weights, "--images", image, "--out", out);
      assertEquals(run.code, 1, run.stderr);
      assert(run.stderr.includes(image) && run.stderr.includes(said), run.stderr);
      assert(!existsSync(out), "something was written");
    }
  });
});

Deno.test("a run on scans ends with the table of both scores, and with a sheet of scans", async () => {
  await inTemporaryFolder(async (folder) => {
    const data = join(folder, "data");
    writeScanStreets(data);
    const out = join(folder, "run");
    const run = await crosswalk(
      ...["adapt", "--data", data, "--labelled", "0.4", "--model", "fidnet-nano", "--size", "16x64"],
      ...["--batch", "2", "--batch-mix", "even"],
      ...["--source-steps", "4", "--rounds", "2", "--epochs", "1", "--target-images", "1", "--out", out],
    );
    assertEquals(run.code, 0, run.stderr);
    const { adapted, protocol } = JSON.parse(Deno.readTextFileSync(join(out, "result.json")));
    assertEquals([adapted.miou, adapted.pixelAccuracy], [adapted.points.miouPresent, adapted.pixels.accuracy]);
    assertEquals(protocol.post, "nearest");
    for (const title of ["mIoU over all classes, points", "mIoU over the classes present, pixels"]) {
      assert(run.stdout.includes(title), run.stdout);
    }
    const pictures = [...Deno.readDirSync(join(out, "pictures", "00"))].map(({ name }) => name);
    assert(pictures.length > 0, "nothing is drawn");
    for (const name of pictures) {
      const { height } = await decodeImage(Deno.readFileSync(join(out, "pictures", "00", name)), name);
      // Six range images of 16·5 rows below each other, each with its title, and views from above of 337 rows.
      assert(height > 6 * 106 + 337 && height < 7 * 106 + 337, `${name} has ${height} rows`);
    }
  });
});
