import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
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
