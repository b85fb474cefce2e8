import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readArguments } from "../../src/cli/arguments.ts";
import { kittiSensor } from "../../src/data/scans/sensor.ts";
import { UsageError } from "../../src/errors.ts";
import { openRun } from "../../src/run/open_run.ts";
import { builtInRecipe } from "../../src/settings/built_in_recipes.ts";
import { withFolder } from "../data/pictures.ts";

Deno.test("adapt --built-in lidar labels a few of its scans, and adapts to all others of the same streets", () =>
  withFolder(async (folder) => {
    const args = ["--built-in", "lidar", "--town-images", "4", "--labelled", "0.25", "--out", join(folder, "run")];
    const settings = readArguments("adapt", args, builtInRecipe);
    assertEquals(settings.get("model"), "fidnet-nano");
    const { data, close } = await openRun(settings, true);
    close();
    const names = [data.sourceSplit, data.targetSplit].map(({ items }) => items.map(({ name }) => name));
    assertEquals([names[0]?.length, names[1]?.length], [1, 3]);
    assertEquals(names.flat().sort(), ["00/000000", "01/000000", "02/000000", "03/000000"]);
    assertEquals(data.evaluationSplit?.items.map(({ name }) => name.slice(0, 3)), new Array(10).fill("08/"));
  }));

Deno.test("adapt --built-in lidar-sensors goes from a sensor to the other", () =>
  withFolder(async (folder) => {
    const args = ["--built-in", "lidar-sensors", "--town-images", "1", "--out", join(folder, "run")];
    const settings = readArguments("adapt", args, builtInRecipe);
    const { data, close } = await openRun(settings, true);
    close();
    const [source] = data.sourceSplit.items;
    const [target] = data.targetSplit.items;
    // Both are seen in one view: a row is the same elevation to both.
    const views = [source, target, data.evaluationSplit?.items[0]].map((item) => {
      const { rows, rule, up, down } = item?.sensor ?? kittiSensor;
      return { rows, rule, up, down };
    });
    assertEquals(views, new Array(3).fill({ rows: 21, rule: "angle", up: 3.33, down: -24.67 }));
    assertEquals([source?.imagePath, target?.imagePath].map((path) => path?.match(/000000.*/)?.[0]), [
      "000000.bin",
      "000000.pcd.bin",
    ]);
  }));

Deno.test("built-in data and data of one's own are not given together", async () => {
  for (const own of [["--data", "x", "--labelled", "0.1"], ["--source", "x", "--target", "x"]]) {
    const settings = readArguments("adapt", ["--built-in", "lidar", ...own], builtInRecipe);
    await assertRejects(() => openRun(settings, true), UsageError, "Give either --built-in or data of your own");
  }
});
