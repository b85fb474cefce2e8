/**
 * The Worker that reads mutants, so that the thread beside it can watch the time and the memory that they take.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Format } from "./formats.ts";
import { mutant } from "./mutate.ts";
import { faultOf } from "./read_one.ts";
import type { Order, Report } from "./run.ts";

self.onmessage = async ({ data }: MessageEvent<Order>) => {
  const { format: name, module, seed, first, end, place } = data;
  const { formats }: { formats: Readonly<Record<string, Format>> } = await import(module);
  const format = formats[name];
  if (format === undefined) throw new Error(`There is no format ${name}`);
  const folder = mkdtempSync(join(tmpdir(), "crosswalk-fuzz-"));
  const report = (message: Report) => self.postMessage(message);
  try {
    const open = await format.open(folder);
    const plain = await faultOf(open, open.files[0]);
    if (plain !== null) throw new Error(`The file that mutants are made of cannot be read: ${plain}`);
    report({ kind: "ready" });
    for (let index = first; index < end; index++) {
      const bytes = mutant(open.files, seed, `${name} ${index}`, format);
      Atomics.store(place, 0, index);
      Atomics.store(place, 1, 1);
      const fault = await faultOf(open, bytes);
      Atomics.store(place, 1, 0);
      if (fault !== null) report({ kind: "fault", index, fault });
    }
    report({ kind: "end" });
  } finally {
    rmSync(folder, { recursive: true });
  }
};
