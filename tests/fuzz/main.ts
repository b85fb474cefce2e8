/**
 * Fuzzing by hand: `deno run -A tests/fuzz/main.ts [--count 2000] [--seed N] [--format png] [--save FOLDER]`. Without
 * `--seed` a new one is drawn and printed. `--save` keeps the mutants that were answered badly. The exit code is 1 if
 * there were any.
 *
 * @module
 */

import { parseArgs } from "node:util";
import process from "node:process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { write } from "../data/pictures.ts";
import { formats } from "./formats.ts";
import { mutant } from "./mutate.ts";
import { defaultBounds, type Fault, fuzz } from "./run.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "2000" },
    seed: { type: "string" },
    format: { type: "string", multiple: true },
    save: { type: "string" },
  },
});

const seed = values.seed === undefined ? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0 : Number(values.seed);
const names = values.format ?? Object.keys(formats);
const unknown = names.find((name) => !Object.hasOwn(formats, name));
if (unknown !== undefined) {
  console.error(`There is no format ${unknown}. Known: ${Object.keys(formats).join(", ")}`);
  Deno.exit(2);
}
console.log(`seed ${seed}`);
const all: Fault[] = [];
for (const name of names) {
  const start = performance.now();
  const faults = await fuzz(name, seed, Number(values.count), {
    bounds: { ...defaultBounds, ...formats[name]?.bounds },
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${name.padEnd(12)} ${values.count} mutants, ${faults.length} answered badly, ${seconds} s`);
  for (const { index, fault } of faults) console.log(`  mutant ${index}: ${fault}`);
  all.push(...faults);
}
if (values.save !== undefined) {
  for (const { format: name, index } of all) await save(values.save, name, index);
}
process.exitCode = all.length === 0 ? 0 : 1;

/** Writes a mutant as `FORMAT-INDEX` into a folder. */
async function save(to: string, name: string, index: number): Promise<void> {
  const format = formats[name];
  if (format === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), "crosswalk-fuzz-"));
  const { files } = await format.open(folder);
  write(join(to, `${name}-${index}`), mutant(files, seed, `${name} ${index}`, format));
  rmSync(folder, { recursive: true });
}
