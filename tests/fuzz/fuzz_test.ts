/**
 * Some mutants of every format, always the same. `tests/fuzz/main.ts` reads more, and new ones.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { file, isChanged } from "./bad_formats.ts";
import { formats } from "./formats.ts";
import { mutant } from "./mutate.ts";
import { fuzz } from "./run.ts";

const seed = 18;
/** The files of a run take longer, since a run syncs what it writes. */
const runFiles = ["config", "data", "stages", "tuning"];
const others = Object.keys(formats).filter((name) => !runFiles.includes(name));

// A process by itself, as the memory of other tests would count here.
for (const [what, names, count] of [["the files of a run", runFiles, 15], ["all other formats", others, 60]] as const) {
  Deno.test(`mutants of ${what} end in a result or a sentence that names the file`, async () => {
    const main = fileURLToPath(new URL("./main.ts", import.meta.url));
    const args = ["run", "--quiet", "--no-prompt", "-A", main, "--seed", `${seed}`, "--count", `${count}`];
    const command = new Deno.Command(Deno.execPath(), {
      args: [...args, ...names.flatMap((name) => ["--format", name])],
    });
    const { code, stdout, stderr } = await command.output();
    const text = new TextDecoder().decode(stdout);
    assertEquals(code, 0, text + new TextDecoder().decode(stderr));
    for (const name of names) assertMatch(text, new RegExp(`^${name} +${count} mutants, 0 answered badly`, "m"));
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
  /** What is wrong with the first mutant that differs from the file. */
  const firstFault = async (name: string, milliseconds = 10_000, bytes = 2 ** 32) => {
    const index = Array.from({ length: 50 }, (_, place) => place)
      .findIndex((place) => isChanged(mutant([file], 1, `${name} ${place}`)));
    return (await fuzz(name, 1, index + 1, { module, bounds: { milliseconds, bytes } }))[0]?.fault ?? "";
  };
  assertEquals(await firstFault("good"), "");
  assertStringIncludes(await firstFault("nameless"), "the message does not name the file: Error: Cannot read it");
  assertStringIncludes(await firstFault("internal"), "the message is no sentence for a reader");
  assertStringIncludes(await firstFault("noError"), "what was thrown is no Error");
  assertEquals(await firstFault("slow", 500), "it took more than 0.5 s");
  assertMatch(await firstFault("hungry", 10_000, 100 * 2 ** 20), /^it took \d+ MB$/);
});
