import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { predictedFiles } from "../../src/cli/predicted_files.ts";
import { kittiSensor } from "../../src/data/scans/sensor.ts";
import { write } from "../data/pictures.ts";
import { networkFile, street } from "./fixture.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

Deno.test("predict goes on after photos that it cannot read, lists them, and exits with 1", () =>
  inTemporaryFolder(async (folder) => {
    const weights = join(folder, "w.safetensors");
    const images = join(folder, "images");
    const out = join(folder, "labels");
    write(weights, (await networkFile()).bytes);
    const { image } = street(0);
    for (const name of ["a.png", "c.png"]) write(join(images, name), image);
    write(join(images, "b\x1b[2J.png"), image.subarray(0, image.length / 2));
    write(join(images, "d.png"), "no image");
    const { code, stdout, stderr } = await crosswalk(
      ...["predict", "--weights", weights, "--images", images, "--out", out, "--json"],
    );
    assertEquals(code, 1, stderr);
    const report = JSON.parse(stdout);
    assertEquals([report.images, report.labels], [2, [join(out, "a.png"), join(out, "c.png")]]);
    assertEquals(report.labels.map(existsSync), [true, true]);
    assertEquals(report.failed.map((one: { image: string }) => one.image), [
      join(images, "b\x1b[2J.png"),
      join(images, "d.png"),
    ]);
    for (const { image, reason } of report.failed) assertStringIncludes(reason, `Cannot read ${image}: `);
    assertStringIncludes(
      stderr,
      `crosswalk: 2 images could not be labelled:\n  Cannot read ${join(images, "b\\x1b[2J.png")}: `,
    );
    assertEquals(stdout.includes("\x1b") || stderr.includes("\x1b"), false);
  }));

Deno.test("predict goes on after paths that do not exist, and lists them by name", () =>
  inTemporaryFolder(async (folder) => {
    const [weights, out] = [join(folder, "w.safetensors"), join(folder, "labels")];
    write(weights, (await networkFile()).bytes);
    write(join(folder, "x.png"), street(0).image);
    const [missing, text] = [join(folder, "nothere.png"), join(folder, "notes.txt")];
    write(text, "no image");
    const predict = (...images: string[]) =>
      crosswalk("predict", "--weights", weights, "--images", ...images, "--out", out, "--json");
    const some = await predict(join(folder, "x.png"), missing, text);
    assertEquals(some.code, 1, some.stderr);
    const report = JSON.parse(some.stdout);
    assertEquals([report.images, report.labels], [1, [join(out, "x.png")]]);
    assertEquals(existsSync(join(out, "x.png")), true);
    assertEquals(report.failed.map((one: { image: string }) => one.image), [missing, text]);
    assertStringIncludes(
      some.stderr,
      `2 images could not be labelled:\n  Cannot read ${missing}: there is no such file`,
    );

    const none = await predict(missing, text);
    assertEquals([none.code, JSON.parse(none.stdout)], [1, { images: 0, labels: [], failed: report.failed }]);
  }));

Deno.test("predict keeps the folders of photos whose names repeat, and labels a photo once", () =>
  inTemporaryFolder(async (folder) => {
    const [weights, out] = [join(folder, "w.safetensors"), join(folder, "labels")];
    write(weights, (await networkFile()).bytes);
    const { image } = street(0);
    const images = ["a/x.png", "b/x.png", "b/y.png"].map((name) => join(folder, "nest", name));
    for (const path of images) write(path, image);
    const { code, stdout, stderr } = await crosswalk(
      ...["predict", "--weights", weights, "--images", ...images, join(folder, "nest", "a"), "--out", out, "--json"],
      ...["--logits", "--probabilities"],
    );
    assertEquals(code, 0, stderr);
    const places = ["a/x", "b/x", "y"].map((name) => join(out, name));
    assertEquals(JSON.parse(stdout).labels, places.map((place) => `${place}.png`));
    const endings = [".png", "_overlay.png", ".npy", ".probabilities.npy"];
    assertEquals(places.flatMap((place) => endings.filter((ending) => !existsSync(`${place}${ending}`))), []);
  }));

Deno.test("results of scans keep folders where neither their names nor their sequences part them", () => {
  const labelsOf = (...scans: { name: string; imagePath: string; token?: string }[]) =>
    [...predictedFiles(scans.map((scan) => ({ ...scan, sensor: kittiSensor })), "out").values()]
      .map(({ labels }) => labels);
  assertEquals(
    labelsOf({ name: "a/s", imagePath: "/d/a/s.bin" }, { name: "b/s", imagePath: "/d/b/s.bin" }),
    ["out/a/s.label", "out/b/s.label"],
  );
  const frame = "sequences/08/velodyne/000000.bin";
  const other = { name: "09/000000", imagePath: "/d/k/sequences/09/velodyne/000000.bin" };
  assertEquals(
    labelsOf({ name: "08/000000", imagePath: `/d/k/${frame}` }, other),
    ["out/sequences/08/predictions/000000.label", "out/sequences/09/predictions/000000.label"],
  );
  assertEquals(
    labelsOf({ name: "k", imagePath: `/d/k/${frame}` }, { name: "l", imagePath: `/d/l/${frame}` }, other),
    ["out/k/sequences/08", "out/l/sequences/08", "out/sequences/09"].map((place) =>
      `${place}/predictions/000000.label`
    ),
  );
  const token = { name: "n", imagePath: "/d/v/samples/LIDAR_TOP/n.pcd.bin", token: "t" };
  assertEquals(
    labelsOf(token, { ...token, name: "m", imagePath: "/d/w/samples/LIDAR_TOP/n.pcd.bin" }),
    ["out/v/samples/LIDAR_TOP/t_lidarseg.bin", "out/w/samples/LIDAR_TOP/t_lidarseg.bin"],
  );
});
