import { assert, assertEquals } from "@std/assert";
import { killRuns, randomNumbers } from "../survival/kill.ts";
import { inTemporaryFolder } from "./program.ts";

Deno.test("an adaptation killed again and again and resumed ends with the bytes of an uninterrupted one", () =>
  inTemporaryFolder(async (folder) => {
    const { kills, finished, problems } = await killRuns(folder, 4, ["SIGKILL", "SIGINT"], randomNumbers(1));
    assertEquals(problems, []);
    assert(finished > 0);
    assert(Object.values(kills).reduce((sum, count) => sum + count, 0) >= 3, JSON.stringify(kills));
  }));
