/**
 * What a power cut leaves of a run, and whether the run goes on from there to the same bytes.
 *
 * The run tells of each sync. What was synced is on the disk: the content of a file, the entries of a folder. Nothing
 * else is certain, so after each sync there are two disks to go on from: one that lost everything that is not certain,
 * and one that has every name, but files without their content, as journals of file systems leave them.
 *
 * By hand: `deno run -A tests/survival/power_cut.ts [cuts]`. Each cut takes the time of a tiny run.
 *
 * @module
 */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { onSync } from "../../src/disk/syncs.ts";
import { adaptTiny, tinyRun } from "./tiny_run.ts";

/** A disk after a cut: the bytes of each file, `null` for a folder, by their paths. */
export interface Cut {
  /** After which sync, and what is lost. */
  readonly name: string;
  readonly files: ReadonlyMap<string, Uint8Array | null>;
}

interface Entry {
  readonly inode: number;
  readonly isFolder: boolean;
}

type Entries = ReadonlyMap<string, Entry>;

/** What is on the disk for certain, of the folder `root` and all below it. */
class CertainState {
  readonly #contents = new Map<number, Uint8Array>();
  readonly #folders = new Map<number, Entries>();

  constructor(readonly root: string) {
    this.note(root);
  }

  /** Takes in that a file or folder was synced. */
  note(path: string): void {
    if (relative(this.root, path).startsWith("..")) return;
    const { ino } = statSync(path);
    if (statSync(path).isDirectory()) this.#folders.set(ino, entriesOf(path));
    else this.#contents.set(ino, readFileSync(path));
  }

  /** The disk if all that is not certain is lost. */
  withoutTheRest(): Map<string, Uint8Array | null> {
    const files = new Map<string, Uint8Array | null>();
    this.#collect(files, "", statSync(this.root).ino, (inode) => this.#folders.get(inode) ?? new Map());
    return files;
  }

  /** The disk if all names are there, but only certain contents. */
  withAllNames(): Map<string, Uint8Array | null> {
    const files = new Map<string, Uint8Array | null>();
    this.#collect(files, "", statSync(this.root).ino, (_, path) => entriesOf(join(this.root, path)));
    return files;
  }

  #collect(
    files: Map<string, Uint8Array | null>,
    path: string,
    inode: number,
    entries: (inode: number, path: string) => Entries,
  ): void {
    for (const [name, entry] of entries(inode, path)) {
      const place = join(path, name);
      files.set(place, entry.isFolder ? null : this.#contents.get(entry.inode) ?? new Uint8Array(0));
      if (entry.isFolder) this.#collect(files, place, entry.inode, entries);
    }
  }
}

function entriesOf(path: string): Entries {
  return new Map(
    readdirSync(path).map((name) => {
      const found = statSync(join(path, name));
      return [name, { inode: found.ino, isFolder: found.isDirectory() }];
    }),
  );
}

/** Runs the tiny adaptation in `root/run` on its own towns, and tells what a cut after each sync would leave. */
export async function recordCuts(root: string): Promise<Cut[]> {
  const state = new CertainState(root);
  const cuts: Cut[] = [];
  onSync((path) => {
    state.note(path);
    const name = `${cuts.length / 2} (${relative(root, path)})`;
    cuts.push({ name: `${name}, the rest lost`, files: state.withoutTheRest() });
    cuts.push({ name: `${name}, names kept`, files: state.withAllNames() });
  });
  try {
    await adaptTiny({ out: join(root, "run"), "town-images": 2, "town-size": { height: 32, width: 64 } });
  } finally {
    onSync(() => {});
  }
  return cuts;
}

/** Writes what a cut left into an empty folder, and returns the options with which the run goes on, or starts anew. */
export function afterCut(root: string, { files }: Cut) {
  for (const [path, bytes] of files) {
    const place = join(root, path);
    mkdirSync(bytes === null ? place : dirname(place), { recursive: true });
    if (bytes !== null) writeFileSync(place, bytes);
  }
  const out = join(root, "run");
  if (existsSync(join(out, "config.json"))) return { out, resume: true };
  return { out, "town-images": 2, "town-size": { height: 32, width: 64 } };
}

/** Some of the cuts, evenly spread, the last among them. */
export function spread<T>(cuts: readonly T[], count: number): T[] {
  const wanted = Math.min(count, cuts.length);
  return Array.from({ length: wanted }, (_, index) => cuts[Math.ceil((index + 1) * cuts.length / wanted) - 1])
    .filter((cut) => cut !== undefined);
}

/** Cuts the power and goes on; says what is different from a run without a cut, `null` if nothing is. */
export async function goOnAfter(cut: Cut, whole: string): Promise<string | null> {
  const root = mkdtempSync(join(tmpdir(), "crosswalk-cut-"));
  try {
    const given = afterCut(root, cut);
    await adaptTiny(given);
    const differs = ["weights.safetensors", "checkpoint.safetensors", "rounds/2/thresholds.json"].find((file) =>
      !readFileSync(join(given.out, file)).equals(readFileSync(join(whole, file)))
    );
    return differs === undefined ? null : `${differs} differs`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Cuts the power and only opens the run again, which looks at all of its state; says what is wrong, or `null`. */
export async function openAfter(cut: Cut): Promise<string | null> {
  const root = mkdtempSync(join(tmpdir(), "crosswalk-cut-"));
  try {
    (await tinyRun(afterCut(root, cut))).close();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(root, { recursive: true });
  }
}

if (import.meta.main) {
  const root = mkdtempSync(join(tmpdir(), "crosswalk-whole-"));
  const cuts = await recordCuts(root);
  const chosen = spread(cuts, Number(Deno.args[0] ?? cuts.length));
  console.log(`${cuts.length} states after ${cuts.length / 2} syncs; going on from ${chosen.length} of them`);
  let failed = 0;
  for (const cut of chosen) {
    const problem = await goOnAfter(cut, join(root, "run"));
    if (problem !== null) console.log(`FAILED after sync ${cut.name}: ${problem}`);
    if (problem !== null) failed++;
  }
  console.log(`${chosen.length - failed} of ${chosen.length} went on to the same bytes`);
  rmSync(root, { recursive: true });
  Deno.exit(failed === 0 ? 0 : 1);
}
