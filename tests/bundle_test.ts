/**
 * The library, and the example that needs no disk, must run in browsers. Each is bundled into one file with all that it
 * imports, and that file must ask for nothing of Deno or Node.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fixture } from "./data/pictures.ts";

const library = fileURLToPath(new URL("../mod.ts", import.meta.url));
const decoders = fileURLToPath(new URL("../src/data/decode.ts", import.meta.url));
const example = fileURLToPath(new URL("../examples/adapt_in_memory.ts", import.meta.url));

/** Deno fetches its bundler from npm at the first call. */
async function bundle(entry: string, out: string): Promise<string | null> {
  const args = ["bundle", "--quiet", "--platform", "browser", "--minify", "--output", out, entry];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, stderr: "piped" }).output();
  return success ? null : new TextDecoder().decode(stderr);
}

function assertPortable(text: string): void {
  for (const foreign of [/\bDeno\./, /["'`]node:/, /\bprocess\./, /\bBuffer\./, /\brequire\(/]) {
    assert(!foreign.test(text), `the bundle holds ${text.match(new RegExp(`.{0,80}${foreign.source}.{0,80}`))?.[0]}`);
  }
}

const folder = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const file = join(folder, "crosswalk.js");
const problem = await bundle(library, file);
const isOffline = problem !== null && /error sending request|client error|dns error/i.test(problem);
const skipped = isOffline ? " [skipped: the bundler could not be fetched]" : "";

Deno.test({
  name: `mod.ts bundles for browsers${skipped}`,
  ignore: isOffline,
  fn: async () => {
    assertEquals(problem, null);
    assertPortable(await Deno.readTextFile(file));
    const { input, relu } = await import(pathToFileURL(file).href);
    assertEquals(relu(input("images", [1, 4, 2, 2])).shape, [1, 4, 2, 2]);
  },
});

Deno.test({
  name: `the adaptation in memory bundles for browsers${skipped}`,
  ignore: isOffline,
  fn: async () => {
    const out = join(folder, "adapt_in_memory.js");
    assertEquals(await bundle(example, out), null);
    const text = await Deno.readTextFile(out);
    assertPortable(text);
    assertMatch(text, /requestAdapter/);
  },
});

Deno.test({
  name: `the decoders bundle for browsers and read images there${skipped}`,
  ignore: isOffline,
  fn: async () => {
    const out = join(folder, "decode.js");
    assertEquals(await bundle(decoders, out), null);
    // The decoders in WebAssembly look for Node in ways that are no harm elsewhere.
    for (const foreign of [/\bDeno\./, /["'`]node:/, /\brequire\(/]) {
      assert(!foreign.test(await Deno.readTextFile(out)));
    }
    const { decodeImage } = await import(pathToFileURL(out).href);
    for (const name of ["four.bmp", "four_planes_16.tif", "four.heic"]) {
      const { height, width, pixels } = await decodeImage(fixture(name), name);
      assertEquals([height, width, pixels[0], pixels[3]], [16, 32, 200, 255]);
    }
  },
});

Deno.test("the adaptation in memory gains on the target town, with no right to read, write or ask for anything", async () => {
  const args = ["run", "--quiet", "--no-prompt", example];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  assert(success, new TextDecoder().decode(stderr));
  const [, before, after] = /^mIoU ([\d.]+) before, ([\d.]+) after$/m.exec(new TextDecoder().decode(stdout)) ?? [];
  assert(Number(after) > Number(before) + 1, `mIoU ${before} before, ${after} after`);
});
