/** The command of a report repeats the run: typed again, it gives the same settings. */

import { assert, assertEquals } from "@std/assert";
import { readArguments } from "../../../src/cli/arguments.ts";
import { commandText } from "../../../src/run/report/command_text.ts";
import { savedForm } from "../../../src/run/run_config.ts";
import { builtInRecipe } from "../../../src/settings/built_in_recipes.ts";
import type { Command } from "../../../src/settings/options.ts";
import { withFolder, write } from "../../data/pictures.ts";

/** The words of a command as a shell splits it. */
async function words(text: string): Promise<string[]> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", `printf '%s\\0' ${text}`] }).output();
  return new TextDecoder().decode(stdout).split("\0").slice(0, -1);
}

/** Makes sure that the command of these arguments' settings gives the same settings; returns it. */
async function repeated(command: Command, args: readonly string[]): Promise<string> {
  const saved = JSON.parse(JSON.stringify(savedForm(readArguments(command, args, builtInRecipe))));
  const text = commandText(command, saved);
  const [program, name, ...typed] = await words(text);
  assertEquals([program, name], ["crosswalk", command]);
  assertEquals(JSON.parse(JSON.stringify(savedForm(readArguments(command, typed, builtInRecipe)))), saved);
  return text;
}

Deno.test("the command of a run gives its settings again, with recipes, lists, sizes, switches and odd paths", () =>
  withFolder(async (folder) => {
    assertEquals(await repeated("adapt", []), "crosswalk adapt");
    const data = ["--source", "/data/it's a $HOME", "--target", "/data/ü b"];
    await repeated("adapt", [...data, "--scales", "0.5,1", "--flip", "--no-spatial-prior", "--size", "240x320"]);
    await repeated("adapt", [...data, "--source-portion", "0.3", "--learning-rate", "2e-4,1e-4"]);
    await repeated("adapt", ["--config", "idd-camvid-mrkld", ...data, "--rounds", "5"]);
    await repeated("adapt", ["--built-in", "lidar", "--rounds", "1"]);
    await repeated("train", ["--town-images", "9", "--class-weights", "balanced"]);
    await repeated("evaluate", ["--weights", "w.safetensors", "--data", "d", "--split", "test"]);
    // A run that goes on from another has the settings of that one where no others are given.
    const first = JSON.stringify(savedForm(readArguments("adapt", [...data, "--rounds", "2", "--seed", "7"])));
    write(`${folder}/first/config.json`, first);
    await repeated("adapt", ["--run", `${folder}/first`, "--from-round", "1", "--rounds", "3"]);
    await repeated("adapt", ["--run", `${folder}/first`, "--from-round", "1", "--seed", "0"]);
    const recipe = `${folder}/recipe.yaml`;
    write(recipe, "rounds: 4\nmirror: false\n");
    assert((await repeated("adapt", [...data, "--config", recipe, "--mirror"])).includes(" --mirror"));
    // A recipe that is no more, or no recipe any more, is no obstacle.
    const saved = JSON.parse(JSON.stringify(savedForm(readArguments("adapt", [...data, "--config", recipe]))));
    for (const after of ["unknown-key: 1\n", "rounds: many\n", null]) {
      if (after === null) Deno.removeSync(recipe);
      else write(recipe, after);
      const text = commandText("adapt", saved);
      assert(text.includes("--rounds 4") && text.includes("--no-mirror") && !text.includes("--config"), text);
    }
  }));
