/** The library runs in browsers: `mod.ts` with all that it imports becomes one file that asks for nothing of Deno or Node. */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const library = fileURLToPath(new URL("../mod.ts", import.meta.url));

/** Deno fetches its bundler from npm at the first call. */
async function bundle(out: string): Promise<string | null> {
  const args = ["bundle", "--quiet", "--platform", "browser", "--minify", "--output", out, library];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, stderr: "piped" }).output();
  return success ? null : new TextDecoder().decode(stderr);
}

const folder = await Deno.makeTempDir();
const file = join(folder, "crosswalk.js");
const problem = await bundle(file);
const isOffline = problem !== null && /registry\.npmjs\.org|error sending request|dns error/i.test(problem);

Deno.test({
  name: `mod.ts bundles for browsers${isOffline ? " [skipped: the bundler could not be fetched]" : ""}`,
  ignore: isOffline,
  fn: async () => {
    assertEquals(problem, null);
    const text = await Deno.readTextFile(file);
    for (const foreign of [/\bDeno\./, /["'`]node:/, /\bprocess\./, /\bBuffer\./, /\brequire\(/]) {
      assert(!foreign.test(text), `the bundle holds ${text.match(new RegExp(`.{0,80}${foreign.source}.{0,80}`))?.[0]}`);
    }
    const { input, relu } = await import(pathToFileURL(file).href);
    assertEquals(relu(input("images", [1, 4, 2, 2])).shape, [1, 4, 2, 2]);
    await Deno.remove(folder, { recursive: true });
  },
});
