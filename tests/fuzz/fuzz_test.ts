/**
 * Some mutants of every format, always the same. `tests/fuzz/main.ts` reads more, and new ones.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { file, isChanged } from "./bad_formats.ts";
import { formats } from "./formats.ts";
import { mutant } from "./mutate.ts";
import { fuzz } from "./run.ts";

const seed = 18;
/** Mutants of a format; fewer of the files of a run, since a run syncs what it writes. */
const count = 60;
const runCount = 15;
const runFiles = ["config", "data", "stages", "tuning"];

for (const name of Object.keys(formats)) {
  Deno.test(`mutants of ${name} end in a result or a sentence that names the file`, async () => {
    assertEquals(await fuzz(name, seed, runFiles.includes(name) ? runCount : count), []);
  });
}

Deno.test("mutants follow from their seed and their name, and differ", () => {
  const files = [Uint8Array.from({ length: 300 }, (_, index) => index)] as const;
  const make = (place: number) => mutant(files, seed, `a ${place}`);
  const all = Array.from({ length: 100 }, (_, index) => make(index));
  assertEquals(Array.from({ length: 100 }, (_, index) => make(index)), all);
  assert(new Set(all.map(String)).size > 90);
  assert(new Set(Array.from({ length: 100 }, (_, index) => String(mutant(files, 19, `a ${index}`)))).size > 90);
  assert(String(mutant(files, 19, "a 0")) !== String(all[0]));
});

Deno.test("what is answered badly is found: no name, no sentence, no Error, too much time or memory", async () => {
  const module = new URL("./bad_formats.ts", import.meta.url).href;
  const bounds = { milliseconds: 500, bytes: 100 * 2 ** 20 };
  /** What is wrong with the first mutant that differs from the file. */
  const firstFault = async (name: string) => {
    const index = Array.from({ length: 50 }, (_, place) => place)
      .findIndex((place) => isChanged(mutant([file], 1, `${name} ${place}`)));
    return (await fuzz(name, 1, index + 1, { module, bounds }))[0]?.fault ?? "";
  };
  assertEquals(await firstFault("good"), "");
  assertStringIncludes(await firstFault("nameless"), "the message does not name the file: Error: Cannot read it");
  assertStringIncludes(await firstFault("internal"), "the message is no sentence for a reader");
  assertStringIncludes(await firstFault("noError"), "what was thrown is no Error");
  assertEquals(await firstFault("slow"), "it took more than 0.5 s");
  assertMatch(await firstFault("hungry"), /^it took \d+ MB$/);
});
