import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { townClasses } from "../../src/town/town.ts";
import { write } from "../data/pictures.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

/** The towns' classes in five groups: few enough to be learned in seconds. */
const groups: Readonly<Record<string, readonly string[]>> = {
  ground: ["road", "sidewalk", "terrain"],
  building: ["building", "fence", "pole", "traffic light", "traffic sign"],
  plants: ["vegetation"],
  sky: ["sky"],
  mobile: ["car", "bus", "person", "bicycle"],
};

/** A short source training, which leaves the target town something to teach. */
const recipe = `
model: deeplab-nano
batch: 8
crop: 32x64
jitter: 0.2
source-steps: 30
source-rate: 0.02
warm-up: 3
head-rate: 1
rounds: 2
epochs: 5
learning-rate: [0.01]
source-images: 48
target-images: all
repeat-images: false
mining: "off"
spatial-prior: true
`;

Deno.test("adapt beats the source network on held-out images of the target town", () =>
  inTemporaryFolder(async (folder) => {
    const towns = join(folder, "towns");
    const config = join(folder, "recipe.yaml");
    const classMap = join(folder, "groups.json");
    const out = join(folder, "run");
    const names = Object.keys(groups);
    const from = townClasses.map(({ name }) => name);
    const map = from.map((name) => names.findIndex((group) => groups[group]?.includes(name)));
    assert(!map.includes(-1));
    write(classMap, JSON.stringify({ from_classes: from, to_classes: names, map: { ...map } }));
    write(config, recipe);
    const drawn = await crosswalk("synth", "--town-images", "48", "--town-size", "32x64", "--out", towns);
    assertEquals(drawn.code, 0, drawn.stderr);

    const { code, stdout, stderr } = await crosswalk(
      ...["adapt", "--source", join(towns, "source"), "--target", join(towns, "target"), "--class-map", classMap],
      ...["--config", config, "--out", out],
    );
    assertEquals(code, 0, stderr);
    const { sourceOnly, rounds, adapted } = JSON.parse(readFileSync(join(out, "result.json"), "utf8"));
    const said = `mIoU ${sourceOnly.miou} before, ${rounds.map(({ miou }: { miou: number }) => miou)} after the rounds`;
    assert(adapted.miou > sourceOnly.miou, said);

    assertEquals([rounds.length, rounds[1]], [2, adapted]);
    assertEquals([sourceOnly.images, adapted.images, Object.keys(adapted.iou)], [40, 40, names]);
    const ious = Object.values<number>(adapted.iou);
    assertAlmostEquals(adapted.miou, ious.reduce((sum, iou) => sum + iou, 0) / names.length, 1e-12);
    for (const name of [...names, "mIoU", (adapted.miou * 100).toFixed(1)]) assertStringIncludes(stdout, name);
    for (const file of ["weights.safetensors", "rounds/2/thresholds.json", "rounds/2/pseudo-labels/0000.png"]) {
      assert(existsSync(join(out, file)), file);
    }
  }));
