/** The first use with one's own photos: a plain folder of them, one command, nothing to edit. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeLabels } from "../../src/data/labels.ts";
import { encodeRgbPng } from "../../src/data/encode.ts";
import { renderTown, townClasses } from "../../src/town/town.ts";
import { exifData, withChunk, write } from "../data/pictures.ts";
import { networkFile, writeStreets } from "./fixture.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

function photo(index: number, height: number, width: number): Uint8Array {
  return encodeRgbPng(renderTown("target", index, { height, width, seed: 2 }).pixels, height, width);
}

Deno.test("adapt takes a plain folder of photos: nested, of any shape, turned, one broken, without labels", () =>
  inTemporaryFolder(async (folder) => {
    const [streets, photos, model, out] = ["streets", "photos", "net.safetensors", "run"].map((name) =>
      join(folder, name)
    ) as [string, string, string, string];
    writeStreets(streets);
    write(model, (await networkFile()).bytes);
    write(join(photos, "first.png"), photo(0, 32, 64));
    write(join(photos, "july", "beach.png"), photo(1, 32, 64));
    write(join(photos, "july", "turned.png"), withChunk(photo(2, 48, 64), "eXIf", exifData(6, true)));
    write(join(photos, "august", "beach.png"), photo(3, 32, 64));
    write(join(photos, "august", "broken.png"), photo(4, 32, 64).subarray(0, 300));
    write(join(photos, "notes.txt"), "not a photo");

    const { code, stdout, stderr } = await crosswalk(
      ...["adapt", "--source", streets, "--target", photos, "--source-model", model, "--out", out],
      ...["--rounds", "1", "--source-images", "4", "--target-images", "8"],
    );
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "photos has no labels: there will be no scores");
    assertStringIncludes(stderr, "notes.txt");
    assertMatch(stderr, /left out:\s+.*broken\.png/);
    assertStringIncludes(stderr, "recipe: the defaults, made for a few hundred images");
    // 12 crops of 4 photos and one street, in steps of 4.
    assertStringIncludes(stderr, "1 round of self-training (3 steps)");
    // There are no scores, so there are no columns and rows of them.
    assertMatch(stdout, /^class +labelled pixels\n/);
    assertStringIncludes(stdout, "without a label: round 1, in rounds/1/weights.safetensors");
    assert(!/NaN|undefined|mIoU|–/.test(stdout), stdout);

    const labels = join(out, "rounds", "1", "pseudo-labels");
    const found = readdirSync(labels, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".png"));
    const sizes = Object.fromEntries(
      found.map((name) => {
        const { height, width, labels: ids } = decodeLabels(readFileSync(join(labels, name)), name);
        assert(ids.every((id) => id === 255 || id < townClasses.length), name);
        assert(ids.some((id) => id !== 255), name);
        return [name, [height, width]];
      }),
    );
    const wanted = { "august/beach.png": [32, 64], "july/beach.png": [32, 64], "july/turned.png": [64, 48] };
    assertEquals(sizes, { ...wanted, "first.png": [32, 64] });
    for (const name of ["weights.safetensors", "result.json", "pictures"]) assert(existsSync(join(out, name)), name);
    assertEquals(readdirSync(photos).sort(), ["august", "first.png", "july", "notes.txt"]);
  }));
