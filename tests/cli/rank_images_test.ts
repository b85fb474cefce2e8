import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { townClasses } from "../../src/town/town.ts";
import { write } from "../data/pictures.ts";
import { networkFile, recipe, street, writeStreets } from "./fixture.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

Deno.test("rank-images writes a choice that adapt and evaluate take as a list", () =>
  inTemporaryFolder(async (folder) => {
    const [source, target, weights, out] = ["source", "target", "w.safetensors", "lists/chosen.txt"]
      .map((name) => join(folder, name));
    if (source === undefined || target === undefined || weights === undefined || out === undefined) return;
    writeStreets(source);
    writeStreets(target);
    for (let index = 0; index < 5; index++) write(join(target, `train/images/city/${index}.png`), street(index).image);
    write(weights, (await networkFile()).bytes);
    const rank = ["rank-images", "--weights", weights, "--target", target, "--count", "3", "--json"];
    const first = await crosswalk(...rank, "--out", out);
    assertEquals(first.code, 0, first.stderr);
    const { candidates, images, shares } = JSON.parse(first.stdout);
    const text = Deno.readTextFileSync(out);
    assertEquals([candidates, text], [6, images.map((path: string) => `${path}\n`).join("")]);
    assertEquals([images.length, new Set(images).size], [3, 3]);
    for (const path of images) assert(existsSync(join(target, path)), path);
    assertEquals(Object.keys(shares), townClasses.map(({ name }) => name));
    const again = join(folder, "again.txt");
    await crosswalk(...rank, "--out", again);
    assertEquals(Deno.readTextFileSync(again), text);
    const [config, run] = [join(folder, "recipe.yaml"), join(folder, "run")];
    write(config, recipe);
    const adapted = await crosswalk(
      ...["adapt", "--source", source, "--target", target, "--config", config, "--list", out, "--out", run, "--json"],
    );
    assertEquals(adapted.code, 0, adapted.stderr);
    assertStringIncludes(adapted.stderr, 'selects 3 of the 6 images of the split "train"');
    const kept = JSON.parse(Deno.readTextFileSync(join(run, "data.json")));
    assertEquals(kept.target.length, 3);
    const wrong = await crosswalk(
      ...["evaluate", "--weights", weights, "--data", target, "--split", "val", "--list", out],
    );
    assertEquals(wrong.code, 1);
    assertStringIncludes(wrong.stderr, 'names no image of the split "val"');
  }));
