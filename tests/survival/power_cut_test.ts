import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { withFolder } from "../data/pictures.ts";
import { goOnAfter, openAfter, recordCuts, spread } from "./power_cut.ts";

Deno.test("after a power cut a run goes on from what was synced, to the same bytes", () =>
  withFolder(async (root) => {
    const cuts = await recordCuts(root);
    assert(cuts.length > 200, `${cuts.length} cuts`);
    const problems: (string | null)[] = [];
    // Most syncs are those of the towns, so the others are looked at more closely.
    const others = cuts.filter(({ name }) => !name.includes("/images/") && !name.includes("/labels/"));
    for (const cut of [...spread(cuts, 2), ...spread(others, 7)]) {
      const problem = await openAfter(cut);
      if (problem !== null) problems.push(`${cut.name}: ${problem}`);
    }
    for (const cut of spread(others, 3).slice(1, 2)) problems.push(await goOnAfter(cut, join(root, "run")));
    assertEquals(problems.filter((problem) => problem !== null), []);
  }));
