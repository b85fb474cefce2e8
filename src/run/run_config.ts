/**
 * `config.json`: the settings of a run, and under the key `run` its record: its id, what it was started with, and what
 * was overridden since.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { UsageError } from "../errors.ts";
import { readFile } from "../disk/files.ts";
import { validated } from "../formats/validation.ts";
import { type Option, options } from "../settings/options.ts";
import { checkedValues, readValue, type Settings, type Values } from "../settings/settings.ts";
import { type Difference, factsSchema } from "./run_facts.ts";
import { shareOf } from "../settings/shares.ts";
import { isBuiltIn } from "../settings/recipe_files.ts";
import { digestOfJson } from "./file_digest.ts";

/** The name of the file. */
export const configName = "config.json";

const recordSchema = v.object({
  /** What the run is known by: a digest of its settings and facts at the start. */
  id: v.string(),
  /** The facts that hold now: those of the start, with what was overridden since. */
  facts: factsSchema,
  /** What was overridden, and after which stage. */
  overrides: v.array(v.object({
    time: v.string(),
    after: v.nullable(v.string()),
    changes: v.array(v.object({ what: v.string(), from: v.string(), to: v.string() })),
  })),
  /** A digest of the record and of the settings. Paths are left out, since data and files may be moved. */
  digest: v.string(),
});

/** The record of a run. */
export type RunRecord = Omit<v.InferOutput<typeof recordSchema>, "digest">;

/** The settings of a run as JSON values. */
export type SavedSettings = Readonly<Record<string, unknown>>;

const configSchema = v.looseObject({ run: v.optional(recordSchema) });

/** What `config.json` holds. */
export interface RunConfig {
  readonly settings: SavedSettings;
  /** `null` in runs of earlier versions, and before a run has begun. */
  readonly record: RunRecord | null;
}

/**
 * Reads the file in a run's folder; `null` if there is none.
 *
 * @throws {Error} naming file and key if it is damaged.
 */
export function readConfig(folder: string): RunConfig | null {
  const path = join(folder, configName);
  if (!existsSync(path)) return null;
  const content = validated(configSchema, new TextDecoder().decode(readFile(path)), path, "settings");
  const { run, ...settings } = content;
  if (run === undefined) return { settings, record: null };
  const { digest, ...record } = run;
  if (digest !== recordDigest(settings, record)) {
    throw new Error(`Cannot read the settings ${path}: key "run.digest": the file was changed since the run wrote it`);
  }
  return { settings, record };
}

/** The text of the file's content. */
export function configContent({ settings, record }: RunConfig): Record<string, unknown> {
  if (record === null) return { ...settings };
  return { ...settings, run: { ...record, digest: recordDigest(settings, record) } };
}

/** What a run is known by. Runs of the same settings, data, adapter and program have the same. */
export function runId(settings: SavedSettings, facts: RunRecord["facts"]): string {
  return digestOfJson([comparedSettings(settings), facts]);
}

function recordDigest(settings: SavedSettings, record: RunRecord): string {
  return digestOfJson([comparedSettings(settings), record]);
}

/** The settings as JSON values. Paths are in full, so that they hold from every working folder. */
export function savedForm(settings: Settings): SavedSettings {
  const entries = options.filter(({ ofOneStart }) => !ofOneStart).flatMap((option) => {
    const value = settings.toJSON()[option.key];
    if (value === undefined) return [];
    return [[option.key, isPath(option, value) ? resolve(String(value)) : value] as const];
  });
  return Object.fromEntries(entries);
}

/**
 * The settings with which the run in a folder was started, for options that are not given again; `null` if there is no
 * run.
 *
 * @throws {Error} naming file and key if they are damaged.
 */
export function savedSettings(folder: string): Values | null {
  const saved = readConfig(folder)?.settings;
  if (saved === undefined) return null;
  return checkedValues(
    // A run that began before an option existed goes on as it was.
    options.map((option) => [option, option.key in saved ? saved[option.key] : option.earlier] as const)
      .filter(([, value]) => value !== undefined)
      .map(([option, value]) => [option.key, savedValue(folder, option, value)]),
  );
}

function savedValue(folder: string, option: Option, value: unknown) {
  try {
    return readValue(option, value);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new Error(`Cannot read the settings ${join(folder, configName)}: key "${option.key}": ${error.message}`);
  }
}

/** What differs between the settings that a run has and those that are given. Where a file lies does not count. */
export function settingDifferences(saved: SavedSettings, given: SavedSettings): Difference[] {
  const [before, now] = [comparedSettings(saved), comparedSettings(given)];
  const text = (value: unknown) => value === undefined ? "nothing" : JSON.stringify(value);
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .map((key) => ({ what: `--${key}`, from: text(startValue(before, key)), to: text(now[key]) }))
    .filter(({ from, to }) => from !== to);
}

/** The value of a setting when the run was started. If the option did not exist then, this is what the run did. */
function startValue(saved: SavedSettings, key: string): unknown {
  if (key in saved) return saved[key];
  const option = options.find((one) => one.key === key);
  return option?.earlier ?? option?.default;
}

/**
 * The settings that decide about results. Of a path counts only that there is one. The path of `--run` does not come back
 * from the file, where the record has its key; that there was one tells `--from-round`, beside which it stands.
 */
function comparedSettings(settings: SavedSettings): SavedSettings {
  const isContinued = settings["from-round"] !== undefined && settings.run === undefined;
  const whole = isContinued
    ? Object.entries(settings).flatMap((entry) => entry[0] === "from-round" ? [["run", ""] as const, entry] : [entry])
    : Object.entries(settings);
  const entries = whole.flatMap(([key, value]) => {
    const option = options.find((one) => one.key === key);
    if (option?.freeOnResume === true) return [];
    return [[key, option !== undefined && isPath(option, value) ? "a file or folder" : value] as const];
  });
  return Object.fromEntries(entries);
}

function isPath({ key, kind, words, orShare }: Option, value: unknown): boolean {
  if (orShare === true && shareOf(String(value)) !== null) return false;
  if (key === "config" && isBuiltIn(String(value))) return false;
  return kind === "path" && words?.includes(String(value)) !== true;
}
