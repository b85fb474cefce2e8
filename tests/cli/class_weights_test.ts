import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { townClasses } from "../../src/town/town.ts";
import { write } from "../data/pictures.ts";
import { recipe, writeStreets } from "./fixture.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

Deno.test("--class-weights changes the loss: balanced, from a file, and not at all where all weigh 1", async () => {
  await inTemporaryFolder(async (folder) => {
    writeStreets(join(folder, "streets"));
    write(join(folder, "recipe.yaml"), recipe);
    write(join(folder, "ones.json"), JSON.stringify(townClasses.map(() => 1)));
    const firstLoss = async (name: string, ...options: string[]) => {
      const out = join(folder, name);
      const { code, stderr } = await crosswalk(
        ...["train", "--source", join(folder, "streets"), "--config", join(folder, "recipe.yaml"), "--out", out],
        ...options,
      );
      assertEquals(code, 0, stderr);
      const lines = Deno.readTextFileSync(join(out, "metrics.jsonl")).split("\n");
      return Number(JSON.parse(lines[0] ?? "{}").loss);
    };
    const plain = await firstLoss("plain");
    const balanced = await firstLoss("balanced", "--class-weights", "balanced");
    const ones = await firstLoss("ones", "--class-weights", join(folder, "ones.json"));
    assert(Number.isFinite(balanced) && Math.abs(balanced - plain) > 1e-4, `${balanced}, without weights ${plain}`);
    assert(Math.abs(ones - plain) < 1e-5, `${ones}, without weights ${plain}`);
  });
});
