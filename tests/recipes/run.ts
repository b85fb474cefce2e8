/**
 * Runs recipes of published rows at toy size: `deno run -A tests/recipes/run.ts --all`, or with their names.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtInNames } from "../../src/settings/recipe_files.ts";
import { rowOf, runToy } from "./toy.ts";
import { runToyScans, scansOf } from "./toy_scans.ts";

const names = Deno.args.includes("--all")
  ? builtInNames().filter((name) => rowOf(name) !== null || scansOf(name) !== null)
  : Deno.args;
let failed = 0;
for (const name of names) {
  const folder = mkdtempSync(join(tmpdir(), "recipe-"));
  const start = performance.now();
  try {
    await (scansOf(name) === null ? runToy : runToyScans)(name, folder);
    console.log(`ok ${name} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  } catch (error) {
    failed++;
    console.log(`FAILED ${name}: ${error instanceof Error ? error.stack : error}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
console.log(`${names.length - failed} of ${names.length} recipes ran`);
Deno.exit(failed === 0 ? 0 : 1);
