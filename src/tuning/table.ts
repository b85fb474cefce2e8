/**
 * The tables that `crosswalk tune` writes: for an adapter, the fastest schedule of each shape class. The user's own
 * table lies in the cache folder, those of known adapters in `src/tuning/tables/`.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import type { Tuning } from "../graph/schedule.ts";
import { readFile, writeFileSafely } from "../disk/files.ts";
import { terminal } from "../report/terminal.ts";
import { systemReason } from "../disk/reasons.ts";

/** Raised when names of schedules or shape classes change their meaning. */
const version = 1;

const tableSchema = v.object({
  version: v.literal(version),
  adapter: v.string(),
  schedules: v.record(v.string(), v.string()),
});

/**
 * The name of an adapter and its driver in file names: the adapter's description and a digest of everything that WebGPU
 * tells of it. Features and limits are part of it, since they change with the driver. WebGPU does not tell the driver's
 * version.
 */
export function adapterKey({ info, features, limits }: Pick<GPUAdapter, "info" | "features" | "limits">): string {
  const { vendor, architecture, device, description, isFallbackAdapter } = info;
  const allowed: unknown[] = [];
  for (const name in limits) allowed.push(name, Reflect.get(limits, name));
  const told = [vendor, architecture, device, description, isFallbackAdapter];
  const text = JSON.stringify([told, [...features].sort(), allowed]);
  const words = (description || [vendor, architecture].join(" ")).toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return `${words.replaceAll(/^-|-$/g, "") || "adapter"}-${
    createHash("sha256").update(text).digest("hex").slice(0, 8)
  }`;
}

/** The user's cache folder of this program. */
export function cacheFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: string = process.platform,
): string {
  const fallback = platform === "win32"
    ? environment.LOCALAPPDATA || join(homedir(), "AppData", "Local")
    : platform === "darwin"
    ? join(homedir(), "Library", "Caches")
    : join(homedir(), ".cache");
  return join(environment.XDG_CACHE_HOME || fallback, "crosswalk");
}

/** Where the tables of an adapter are looked for: the user's, then the one that comes with the program. */
export function tablePaths(adapter: string): { readonly user: string; readonly shipped: string | null } {
  const shipped = new URL(`./tables/${adapter}.json`, import.meta.url);
  return {
    user: join(cacheFolder(), "tuned", `${adapter}.json`),
    shipped: shipped.protocol === "file:" ? fileURLToPath(shipped) : null,
  };
}

/**
 * The schedules for an adapter, by shape class. The user's table comes before the one of the program. A class that is
 * in neither is left to the rules of the ops.
 *
 * @param warn is told in one sentence of a file that is ignored.
 */
export function loadTuning(
  adapter: string,
  warn: (text: string) => void = (text) => terminal.say(text),
  { user, shipped }: ReturnType<typeof tablePaths> = tablePaths(adapter),
): Tuning {
  const own = readTable(user, adapter, warn);
  return new Map([...shipped === null ? [] : readTable(shipped, adapter, warn), ...own]);
}

/** Reads one table. It is empty where there is no such file, or none that can be used. */
export function readTable(path: string, adapter: string, warn: (text: string) => void): Tuning {
  const ignore = (reason: string) => {
    warn(`Ignoring the tuning file ${path}: ${reason}. crosswalk tune writes a new one`);
    return new Map<string, string>();
  };
  try {
    if (!existsSync(path)) return new Map();
    const content: unknown = JSON.parse(new TextDecoder().decode(readFile(path)));
    const found = v.safeParse(v.object({ version: v.number() }), content);
    if (found.success && found.output.version !== version) {
      return ignore(`it is of version ${found.output.version}, this program reads version ${version}`);
    }
    const result = v.safeParse(tableSchema, content);
    if (!result.success) return ignore(`it is damaged (${result.issues[0].message})`);
    if (result.output.adapter !== adapter) return ignore(`it is of another adapter, ${result.output.adapter}`);
    return new Map(Object.entries(result.output.schedules));
  } catch (error) {
    return ignore(`it cannot be read (${systemReason(error)})`);
  }
}

/** Writes a table with its classes in alphabetical order. The file is written whole or not at all. */
export function writeTable(path: string, adapter: string, schedules: Tuning): void {
  const sorted = Object.fromEntries([...schedules].sort(([a], [b]) => a < b ? -1 : 1));
  writeFileSafely(path, `${JSON.stringify({ version, adapter, schedules: sorted }, null, 1)}\n`);
}
