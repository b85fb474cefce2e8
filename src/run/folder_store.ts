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
 * | `lock` | who is writing to the folder; it is there only while a run is |
 * | `profile.json` | with `--profile`: where the time of the last start went |
 * | `result.json`, `weights.safetensors`, `pictures/` | what came out |
 *
 * @module
 */

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { UsageError } from "../errors.ts";
import { labelTable } from "../data/class_map.ts";
import type { FileItem } from "../data/file_item.ts";
import type { Tuning } from "../graph/schedule.ts";
import { makeFolder, readFile, writeFileSafely } from "../disk/files.ts";
import { FolderLock } from "../disk/folder_lock.ts";
import { jsonText, type LabelSink, type RunStore } from "../selftraining/store.ts";
import { options } from "../settings/options.ts";
import { checkedValues, readValue, type Settings, type Values } from "../settings/settings.ts";
import { LabelWriter } from "./label_writer.ts";

/** An opened run folder. Names of results are those of its files. */
export class FolderStore implements RunStore<FileItem> {
  readonly #stages: Record<string, unknown>;
  readonly #metrics: number;

  readonly #lock: FolderLock;

  private constructor(
    readonly path: string,
    stages: Record<string, unknown>,
    readonly holdsRun: boolean,
    lock: FolderLock,
  ) {
    this.#stages = stages;
    this.#lock = lock;
    this.#metrics = openSync(this.file("metrics.jsonl"), "a");
  }

  /**
   * Opens a folder for a new run, or to go on with the run in it. Until it is closed, no other run can open it.
   *
   * @throws {UsageError} if the folder holds a run and `resume` is not set, if it holds none and `resume` is set, or if
   * the settings differ from those that the run was started with, or if another run has opened it.
   */
  static open(path: string, settings: Settings, resume: boolean): FolderStore {
    if (resume && !existsSync(join(path, "config.json"))) throw new UsageError(`There is no run in ${path} to resume`);
    const lock = FolderLock.take(path);
    try {
      return FolderStore.#openLocked(path, settings, resume, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  static #openLocked(path: string, settings: Settings, resume: boolean, lock: FolderLock): FolderStore {
    const configPath = join(path, "config.json");
    const config = comparable(settings);
    // A start can fail before its first result, because of a wrong option for example. That is no run, and it may be
    // started anew.
    const holdsRun = ["stages.json", "checkpoint.safetensors"].some((name) => existsSync(join(path, name)));
    if (holdsRun && !resume) {
      throw new UsageError(
        `${path} holds a run already. Go on with it by --resume, or choose another folder with --out`,
      );
    }
    if (holdsRun) requireSameSettings(path, JSON.parse(readFileSync(configPath, "utf8")), config);
    if (!holdsRun) {
      writeFileSafely(configPath, jsonText(config));
      writeFileSafely(join(path, "metrics.jsonl"), "");
    }
    const stages = join(path, "stages.json");
    const done = existsSync(stages) ? JSON.parse(new TextDecoder().decode(readFile(stages))) : {};
    return new FolderStore(path, done, holdsRun, lock);
  }

  /** The full path of a file in the folder. */
  file(...names: string[]): string {
    return join(this.path, ...names);
  }

  /**
   * The result of a stage. If the stage was finished in an earlier start, its kept result; else it is computed now and
   * kept.
   */
  async once<T>(stage: string, compute: () => Promise<T>): Promise<T> {
    if (stage in this.#stages) return this.#stages[stage] as T;
    const result = await compute();
    this.#stages[stage] = result;
    await this.write("stages.json", jsonText(this.#stages));
    return result;
  }

  /**
   * The schedules of kernels that the run uses. Those in force when the run was started are kept in `tuning.json`. They
   * stay in force when it goes on, even if `tune` has found others since, because other schedules round differently.
   */
  tuning(find: () => Tuning): Tuning {
    const path = this.file("tuning.json");
    if (this.holdsRun && existsSync(path)) return readTuning(path);
    // No table was kept. If training has begun, it began by the ops' own rules. If not, the first start may have found
    // no adapter.
    if (this.holdsRun && existsSync(this.file("checkpoint.safetensors"))) return new Map();
    const found = find();
    writeFileSafely(path, jsonText(Object.fromEntries(found)));
    return found;
  }

  /** Writes a file. If writing is interrupted, the old file stays. What was logged before is on the disk then, too. */
  write(name: string, data: Uint8Array<ArrayBuffer> | string): Promise<void> {
    return new Promise((resolve) => {
      fsyncSync(this.#metrics);
      resolve(writeFileSafely(this.file(name), data));
    });
  }

  /** The bytes of a file; `null` if there is none. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const path = this.file(name);
    return new Promise((resolve) => resolve(existsSync(path) ? readFile(path) : null));
  }

  /** The path of a file. */
  describe(name: string): string {
    return this.file(name);
  }

  /** Appends a line to `metrics.jsonl`. */
  log(entry: Readonly<Record<string, unknown>>): Promise<void> {
    return new Promise((resolve) => {
      writeSync(this.#metrics, `${JSON.stringify(entry)}\n`);
      resolve();
    });
  }

  /**
   * Drops the log's lines of steps that will be done again: those of `stage` from `step` on, and all lines after them.
   */
  truncateLog(stage: string, step: number): Promise<void> {
    return new Promise((resolve) => {
      const path = this.file("metrics.jsonl");
      let kept = 0;
      for (const line of readFileSync(path, "utf8").split(/(?<=\n)/)) {
        if (!line.endsWith("\n")) break;
        const entry = JSON.parse(line);
        if (entry.stage === stage && entry.step >= step) break;
        kept += new TextEncoder().encode(line).length;
      }
      truncateSync(path, kept);
      resolve();
    });
  }

  /** Opens a sink for the pseudo-labels of a round. It writes a PNG for each image, under the image's name. */
  openLabels(round: number, items: readonly FileItem[], classes: number): LabelSink {
    makeFolder(this.file(labelFolder(round)));
    return new LabelWriter(items.map(({ name }) => this.#labelPath(round, name)), classes);
  }

  /** The images of a round, with their pseudo-labels as label files. */
  labelledItems(round: number, items: readonly FileItem[], classes: number): FileItem[] {
    const table = labelTable(classes);
    return items.map((item) => ({
      ...item,
      labelPath: this.#labelPath(round, item.name),
      labelTable: table,
      labelsResized: true,
    }));
  }

  /** Closes the log and lets other runs open the folder. */
  close(): void {
    closeSync(this.#metrics);
    this.#lock.release();
  }

  #labelPath(round: number, name: string): string {
    return this.file(labelFolder(round), `${name}.png`);
  }
}

function labelFolder(round: number): string {
  return join("rounds", String(round), "pseudo-labels");
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

/** Options of a single start. A run that goes on may be given other values for them. */
const startOptions: ReadonlySet<string> = new Set(
  options.filter(({ ofOneStart }) => ofOneStart).map(({ key }) => key),
);

/** The settings of the run as JSON values. Paths are in full, so that they hold from every working folder. */
function comparable(settings: Settings): Record<string, unknown> {
  const isPath = (key: string, value: unknown) =>
    options.some((option) => option.key === key && option.kind === "path" && !option.words?.includes(String(value)));
  const entries = Object.entries(settings.toJSON()).filter(([key]) => !startOptions.has(key));
  return Object.fromEntries(entries.map(([key, value]) => [key, isPath(key, value) ? resolve(String(value)) : value]));
}

/**
 * The settings with which the run in a folder was started, for options that are not given again; `null` if there is no
 * run.
 */
export function savedSettings(path: string): Values | null {
  const configPath = join(path, "config.json");
  if (!existsSync(configPath)) return null;
  const saved: Record<string, unknown> = JSON.parse(readFileSync(configPath, "utf8"));
  // A run that began before an option existed goes on as it was.
  return checkedValues(
    options.map((option) => [option, option.key in saved ? saved[option.key] : option.earlier] as const)
      .filter(([, value]) => value !== undefined).map(([option, value]) => [option.key, readValue(option, value)]),
  );
}

/**
 * Makes sure that a run goes on with the settings with which it was started.
 *
 * @throws {UsageError} naming the first setting that differs.
 */
function requireSameSettings(path: string, saved: Record<string, unknown>, given: Record<string, unknown>): void {
  const text = (value: unknown) => value === undefined ? "nothing" : JSON.stringify(value);
  const different = [...new Set([...Object.keys(saved), ...Object.keys(given)])]
    .filter((key) => text(startValue(saved, key)) !== text(given[key]));
  const [first, ...others] = different;
  if (first === undefined) return;
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  throw new UsageError(
    `The run in ${path} was started with other settings: --${first} was ${text(startValue(saved, first))} and is ${
      text(given[first])
    }${more}. Leave out what is not to change, or choose another folder with --out`,
  );
}

/** The value of a setting when the run was started. If the option did not exist then, this is what the run did. */
function startValue(saved: Readonly<Record<string, unknown>>, key: string): unknown {
  if (key in saved) return saved[key];
  const option = options.find((one) => one.key === key);
  return option?.earlier ?? option?.default;
}
