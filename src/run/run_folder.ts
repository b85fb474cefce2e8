/**
 * A run's folder: everything that is needed to repeat it, to go on with it, and to read its results.
 *
 * | file | what |
 * | --- | --- |
 * | `config.json` | the resolved settings |
 * | `tuning.json` | schedules of kernels that differ from the rules, by shape class |
 * | `stages.json` | results of finished stages, so that a resumed run does not repeat them |
 * | `checkpoint.safetensors` | weights, optimizer and place of the training stage in progress |
 * | `metrics.jsonl` | one line per training step and per event |
 * | `rounds/<r>/` | `thresholds.json` and `pseudo-labels/*.png` |
 * | `profile.json` | with `--profile`: where the time of the last start went |
 * | `result.json`, `weights.safetensors`, `pictures/` | what came out |
 *
 * @module
 */

import { closeSync, existsSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { UsageError } from "../errors.ts";
import type { Tuning } from "../graph/schedule.ts";
import { readFile, writeFileSafely } from "../disk/files.ts";
import { options } from "../settings/options.ts";
import { checkedValues, readValue, type Settings, type Values } from "../settings/settings.ts";

/** An opened run folder. */
export class RunFolder {
  readonly #stages: Record<string, unknown>;
  readonly #metrics: number;

  private constructor(readonly path: string, stages: Record<string, unknown>, readonly holdsRun: boolean) {
    this.#stages = stages;
    this.#metrics = openSync(this.file("metrics.jsonl"), "a");
  }

  /**
   * Opens a folder for a new run, or to go on with the one in it.
   *
   * @throws {UsageError} if it holds a run and `resume` is not set, or holds none and it is, or its settings differ.
   */
  static open(path: string, settings: Settings, resume: boolean): RunFolder {
    const configPath = join(path, "config.json");
    const config = comparable(settings);
    // A start that failed before its first result, for a wrong option say, is no run and may be started anew.
    const holdsRun = ["stages.json", "checkpoint.safetensors"].some((name) => existsSync(join(path, name)));
    if (holdsRun && !resume) {
      throw new UsageError(
        `${path} holds a run already. Go on with it by --resume, or choose another folder with --out`,
      );
    }
    if (resume && !existsSync(configPath)) throw new UsageError(`There is no run in ${path} to resume`);
    if (holdsRun) requireSameSettings(path, JSON.parse(readFileSync(configPath, "utf8")), config);
    if (!holdsRun) {
      mkdirSync(path, { recursive: true });
      writeFileSafely(configPath, `${JSON.stringify(config, null, 1)}\n`);
      writeFileSafely(join(path, "metrics.jsonl"), "");
    }
    const stages = join(path, "stages.json");
    const done = existsSync(stages) ? JSON.parse(new TextDecoder().decode(readFile(stages))) : {};
    return new RunFolder(path, done, holdsRun);
  }

  /** The full path of a file in the folder. */
  file(...names: string[]): string {
    return join(this.path, ...names);
  }

  /** The result of a stage: of an earlier run if it was finished there, else computed now and kept. */
  async once<T>(stage: string, compute: () => Promise<T>): Promise<T> {
    if (stage in this.#stages) return this.#stages[stage] as T;
    const result = await compute();
    this.#stages[stage] = result;
    this.writeJson("stages.json", this.#stages);
    return result;
  }

  /**
   * The schedules of kernels that the run follows. Those in force when it was started are kept in `tuning.json`, and hold when it
   * goes on, whatever was tuned since: other schedules round differently.
   */
  tuning(find: () => Tuning): Tuning {
    const path = this.file("tuning.json");
    if (this.holdsRun && existsSync(path)) return readTuning(path);
    // Without a table, training began by the rules; or it has not begun, as where no adapter was found at the first start.
    if (this.holdsRun && existsSync(this.file("checkpoint.safetensors"))) return new Map();
    const found = find();
    this.writeJson("tuning.json", Object.fromEntries(found));
    return found;
  }

  /** Whether a stage was finished. */
  isDone(stage: string): boolean {
    return stage in this.#stages;
  }

  /** Appends a line to `metrics.jsonl`. */
  log(entry: Readonly<Record<string, unknown>>): void {
    writeSync(this.#metrics, `${JSON.stringify(entry)}\n`);
  }

  /** Drops the lines of steps that will be done again: those of `stage` from `step` on, and all after them. */
  truncateMetrics(stage: string, step: number): void {
    const text = readFileSync(this.file("metrics.jsonl"), "utf8");
    let kept = 0;
    for (const line of text.split(/(?<=\n)/)) {
      if (!line.endsWith("\n")) break;
      const entry = JSON.parse(line);
      if (entry.stage === stage && entry.step >= step) break;
      kept += new TextEncoder().encode(line).length;
    }
    truncateSync(this.file("metrics.jsonl"), kept);
  }

  /** Writes a JSON file safely. */
  writeJson(name: string, value: unknown): void {
    writeFileSafely(this.file(name), `${JSON.stringify(value, null, 1)}\n`);
  }

  /** Closes the log. */
  close(): void {
    closeSync(this.#metrics);
  }
}

/** @throws {Error} if the file does not hold names of schedules. */
function readTuning(path: string): Tuning {
  const names = v.record(v.string(), v.string());
  try {
    return new Map(Object.entries(v.parse(names, JSON.parse(new TextDecoder().decode(readFile(path))))));
  } catch (error) {
    throw new Error(
      `Cannot go on with the run: ${path} is damaged (${error instanceof Error ? error.message : error}). ` +
        "Remove it to go on with the schedules in force now, which may round differently",
    );
  }
}

/** Options that are of one start, not of the run. */
const startOptions: ReadonlySet<string> = new Set(
  options.filter(({ ofOneStart }) => ofOneStart).map(({ key }) => key),
);

/** The settings of the run as JSON has them; paths in full, so that they hold from everywhere. */
function comparable(settings: Settings): Record<string, unknown> {
  const isPath = (key: string, value: unknown) =>
    options.some((option) => option.key === key && option.kind === "path" && !option.words?.includes(String(value)));
  const entries = Object.entries(settings.toJSON()).filter(([key]) => !startOptions.has(key));
  return Object.fromEntries(entries.map(([key, value]) => [key, isPath(key, value) ? resolve(String(value)) : value]));
}

/**
 * The settings that the run in a folder was started with, for those that are not given again; `null` where there is no run.
 */
export function savedSettings(path: string): Values | null {
  const configPath = join(path, "config.json");
  if (!existsSync(configPath)) return null;
  const saved: Record<string, unknown> = JSON.parse(readFileSync(configPath, "utf8"));
  return checkedValues(
    options.filter(({ key }) => key in saved).map((option) => [option.key, readValue(option, saved[option.key])]),
  );
}

/**
 * Makes sure that a run goes on with the settings it was started with. A setting that the version of its start did not have counts
 * as its default.
 *
 * @throws {UsageError} naming the first setting that differs.
 */
function requireSameSettings(path: string, started: Record<string, unknown>, given: Record<string, unknown>): void {
  const defaults = options.map((option) => [option.key, option.default]);
  const saved: Record<string, unknown> = { ...Object.fromEntries(defaults), ...started };
  const text = (value: unknown) => value === undefined ? "nothing" : JSON.stringify(value);
  const different = [...new Set([...Object.keys(started), ...Object.keys(given)])]
    .filter((key) => text(saved[key]) !== text(given[key]));
  const [first, ...others] = different;
  if (first === undefined) return;
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  throw new UsageError(
    `The run in ${path} was started with other settings: --${first} was ${text(saved[first])} and is ${
      text(given[first])
    }${more}. Leave out what is not to change, or choose another folder with --out`,
  );
}
