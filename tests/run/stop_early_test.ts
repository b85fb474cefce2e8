/** Whole runs that end early, and scores from other views than the pseudo-labels. */

import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readArguments } from "../../src/cli/arguments.ts";
import { openDataset, openLoader } from "../../src/data/folder.ts";
import { exactly } from "../../src/data/shapes.ts";
import { networkWith } from "../../src/nn/network.ts";
import { type AdaptationReport, runAdaptation } from "../../src/run/adaptation.ts";
import { openRun } from "../../src/run/open_run.ts";
import { openWeights } from "../../src/run/weights.ts";
import { evaluate, splitScores } from "../../src/selftraining/evaluation.ts";
import type { ViewOptions } from "../../src/selftraining/views.ts";
import { pictureSize, recipe, writeStreets } from "../cli/fixture.ts";
import { withFolder } from "../data/pictures.ts";
import { testGpu } from "../ops/harness.ts";

/** Three rounds on a street, in the folder `run`. */
async function adapt(folder: string, ...args: string[]): Promise<AdaptationReport> {
  const [streets, config, out] = [join(folder, "streets"), join(folder, "recipe.yaml"), join(folder, "run")];
  writeStreets(streets);
  writeFileSync(config, recipe.replace("rounds: 1", "rounds: 3"));
  const data = ["--source", streets, "--target", streets, "--short-side", "32"];
  const settings = readArguments("adapt", ["--config", config, ...data, "--out", out, "--stop-early", ...args]);
  const { context, data: opened, close } = await openRun(settings, true);
  try {
    return await runAdaptation(context, opened, () => {});
  } finally {
    close();
  }
}

Deno.test("a run ends after a round that does harm, with that round's network, and is finished then", () =>
  withFolder(async (folder) => {
    const file = (name: string) => join(folder, "run", name);
    const result = await adapt(folder, "--learning-rate", "3");
    assertStringIncludes(result.stopped ?? "", "round 1 did harm");
    assertEquals([result.rounds.length, result.adapted, result.best?.round], [1, result.rounds[0], 0]);
    assertEquals([result.protocol.round, existsSync(file("rounds/2"))], [1, false]);
    assertStringIncludes(result.protocol.chosen ?? "", "ended early");
    assertEquals(readFileSync(file("weights.safetensors")), readFileSync(file("rounds/1/weights.safetensors")));
    assertEquals(JSON.parse(readFileSync(file("result.json"), "utf8")).stopped, result.stopped);
    // There is nothing left to do.
    const again = await adapt(folder, "--learning-rate", "3", "--resume");
    assertEquals([again.stopped, again.rounds, again.best], [result.stopped, result.rounds, result.best]);
  }));

Deno.test("a run ends before the round in which a class runs away; scores are of the views for tests", () =>
  withFolder(async (folder) => {
    const views = ["--test-scales", "1,1.5", "--test-flip", "--test-average", "logits"];
    const result = await adapt(folder, ...views);
    assertStringIncludes(result.stopped ?? "", "runs away");
    const file = (name: string) => join(folder, "run", name);
    assertEquals([result.rounds.length, existsSync(file("rounds/2/thresholds.json"))], [1, true]);
    assertEquals(existsSync(file("rounds/2/weights.safetensors")), false);
    assertEquals(readFileSync(file("weights.safetensors")), readFileSync(file("rounds/1/weights.safetensors")));

    const { scales, flip, average } = result.protocol;
    assertEquals([scales, flip, average], [[1, 1.5], true, "logits"]);
    const gpu = await testGpu();
    const { items } = openDataset(join(folder, "streets")).split("val");
    using loader = openLoader();
    for (const [name, scores] of [["source", result.sourceOnly], ["weights", result.adapted]] as const) {
      const path = file(`${name}.safetensors`);
      const network = networkWith(gpu, openWeights(path), { source: path });
      const scored = async (chosen: ViewOptions) => {
        const confusion = await evaluate(gpu, network, loader, items, { ...exactly(pictureSize), views: chosen });
        return splitScores(confusion, network.metadata.classes, items.length, undefined);
      };
      assertEquals(scores, await scored({ scales, flip, average }));
      assertNotEquals(scores, await scored({ scales: [1], flip: false, average: "probabilities" }));
      network.dispose();
    }
    assert(existsSync(file("rounds/1/pseudo-labels")));
  }));
