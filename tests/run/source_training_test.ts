import { assertEquals, assertRejects } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runSourceTraining } from "../../src/run/adaptation.ts";
import { openRun } from "../../src/run/open_run.ts";
import { readRecipe, resolveSettings } from "../../src/settings/settings.ts";
import { recipe, writeStreets } from "../cli/fixture.ts";
import { withFolder } from "../data/pictures.ts";

Deno.test("a training writes its weights before it scores them", () =>
  withFolder(async (folder) => {
    const streets = join(folder, "streets");
    writeStreets(streets);
    const out = join(folder, "run");
    const { context, data, close } = await openRun(
      resolveSettings("train", { source: streets, out }, readRecipe(recipe, "recipe")),
      false,
    );
    try {
      const items = data.evaluationSplit?.items.map((item) => ({ ...item, labelPath: null })) ?? [];
      const unlabelled = { ...data, evaluationSplit: { name: "val", items, notices: [] } };
      await assertRejects(() => runSourceTraining(context, unlabelled), Error, "it has no labels");
    } finally {
      close();
    }
    const files = ["weights.safetensors", "result.json"].map((name) => existsSync(join(out, name)));
    assertEquals(files, [true, false]);
  }));
