/**
 * A run's folder: everything that is needed to repeat it, to go on with it, and to read its results.
 *
 * | file | what |
 * | --- | --- |
 * | `config.json` | the resolved settings, what the run was started with, and what was overridden since |
 * | `data.json` | name and digest of each image |
 * | `tuning.json` | schedules of kernels that differ from the rules, by shape class |
 * | `stages.json` | results of finished stages, so that a resumed run does not repeat them, and digests of their files |
 * | `checkpoint.safetensors` | weights, optimizer and place of the training stage in progress |
 * | `metrics.jsonl` | one line per training step and per event |
 * | `rounds/<r>/` | `thresholds.json`, `pseudo-labels/*.png` and their digests, `pseudo-labels.json`; of scans `labels/*.label`, `labels.json`; with LRENT also `soft-labels/*.soft`, `soft-labels.json`; `weights.safetensors` |
 * | `spatial-prior.npy`, `spatial-prior/` | the spatial prior, `[C, H, W]`, where one is used, and a picture per class |
 * | `lock` | who is writing to the folder; it is there only while a run is |
 * | `profile.json` | with `--profile`: where the time of the last start went |
 * | `result.json`, `weights.safetensors`, `pictures/` | what came out |
 * | `report/`, `report.html` | facts and layers of pictures for the report, written as they are made, and the report |
 * | `tensorboard/` | with `--tensorboard`: an event file |
 *
 * All of it belongs together. The record in `config.json` has an id, which `stages.json` and the checkpoint repeat, and
 * `stages.json` knows every file of a finished stage by its digest. What is missing or foreign is refused by name.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import * as v from "valibot";
import { UsageError } from "../errors.ts";
import type { Colour } from "../data/encode.ts";
import type { FileItem } from "../data/file_item.ts";
import type { Tuning } from "../graph/schedule.ts";
import { readFile, writeFileSafely } from "../disk/files.ts";
import { FolderLock } from "../disk/folder_lock.ts";
import { validated } from "../formats/validation.ts";
import type { KeptForm } from "../selftraining/kept.ts";
import { jsonText, type LabelSink, type RunStore } from "../selftraining/store.ts";
import type { Settings } from "../settings/settings.ts";
import type { MergedLabels } from "../selftraining/precision.ts";
import {
  configContent,
  configName,
  readConfig,
  runId,
  type RunRecord,
  savedForm,
  type SavedSettings,
  settingDifferences,
} from "./run_config.ts";
import { type Difference, factDifferences, imagesSchema, type RunFacts, type RunImages } from "./run_facts.ts";
import { RoundLabels } from "./round_labels.ts";
import { logName, RunLog } from "./run_log.ts";
import { digestOfTexts } from "./file_digest.ts";
import { StagesFile } from "./stages_file.ts";

const checkpointName = "checkpoint.safetensors";
/**
 * Files that may be written anew after the stage that wrote them first. The checkpoint has a digest of its own, the
 * others are what came out and are never read.
 */
const changingNames: ReadonlySet<string> = new Set([checkpointName, "weights.safetensors", "result.json"]);
const imagesName = "data.json";

/** Whether a file holds the network after a round. The run never reads it, so whoever needs the room may delete it. */
function isRoundWeights(name: string): boolean {
  return /^rounds\/\d+\/weights\.safetensors$/.test(name);
}

/** How a folder is opened. */
export interface OpenOptions {
  /** Go on with the run in the folder. Default `false`. */
  readonly resume?: boolean;
  /** Go on though something is not as it was at the start, and record that. Default `false`. */
  readonly override?: boolean;
}

/** An opened run folder. Names of results are those of its files. */
export class FolderStore implements RunStore<FileItem> {
  readonly #labels: RoundLabels;
  readonly #log: RunLog;
  #record: RunRecord | null;
  /** Called with the path, in the folder, of each image's pseudo-labels when they are there. */
  onLabels: (file: string) => void = () => {};

  private constructor(
    readonly path: string,
    readonly holdsRun: boolean,
    readonly settings: SavedSettings,
    record: RunRecord | null,
    readonly stages: StagesFile,
    /** What differs from the settings of the start. */
    readonly overridden: readonly Difference[],
    readonly options: OpenOptions,
    readonly lock: FolderLock,
  ) {
    this.#record = record;
    this.#log = new RunLog(this.file(logName));
    this.#labels = new RoundLabels(path, stages, this.write.bind(this), (file) => {
      this.onLabels(relative(path, file));
    });
  }

  /**
   * Opens a folder for a new run, or to go on with the run in it. Until it is closed, no other run can open it.
   *
   * @throws {UsageError} if the folder holds a run and `resume` is not set, if it holds none and `resume` is set, if the
   * settings differ from those that the run was started with and `override` is not set, or if another run has opened it.
   * @throws {Error} if a file of the run is damaged or missing, or belongs to another run.
   */
  static open(path: string, settings: Settings, options: OpenOptions = {}): FolderStore {
    if (options.resume && !existsSync(join(path, configName))) {
      throw new UsageError(`There is no run in ${path} to resume`);
    }
    const lock = FolderLock.take(path);
    try {
      return FolderStore.#openLocked(path, savedForm(settings), options, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  static #openLocked(path: string, settings: SavedSettings, options: OpenOptions, lock: FolderLock): FolderStore {
    const hasCheckpoint = existsSync(join(path, checkpointName));
    // A start can fail before its first result, because of a wrong option for example. That is no run, and it may be
    // started anew.
    const holdsRun = hasCheckpoint || holdsStages(path);
    if (holdsRun && !options.resume) {
      throw new UsageError(
        `${path} holds a run already. Go on with it by --resume, or choose another folder with --out`,
      );
    }
    if (!holdsRun) {
      writeFileSafely(join(path, configName), jsonText(configContent({ settings, record: null })));
      writeFileSafely(join(path, logName), "");
      return new FolderStore(path, false, settings, null, StagesFile.empty(path), [], options, lock);
    }
    const config = readConfig(path);
    if (config === null) throw missing(join(path, configName));
    const stages = StagesFile.read(path);
    const { record } = config;
    if (record !== null && !stages.isThere) throw missing(stages.path);
    // A run that was stopped just when it began has a record already, and stages without an id: its towns.
    const isBeginning = stages.run === null && !hasCheckpoint;
    if (!isBeginning && stages.run !== (record?.id ?? null)) {
      throw new Error(
        `Cannot go on with the run: ${stages.path} belongs to another run than ${join(path, configName)}. ` +
          "Put back the files that belong together, or start the run anew in another folder",
      );
    }
    stages.requireFiles();
    const differences = settingDifferences(config.settings, settings);
    if (!options.override) refuse(path, differences);
    const store = new FolderStore(path, true, settings, record, stages, differences, options, lock);
    try {
      // Earlier versions kept no digests.
      if (record !== null) { for (const round of stages.labelledRounds) store.#labels.requireOwn(round); }
    } catch (error) {
      store.close();
      throw error;
    }
    return store;
  }

  /**
   * Begins the run, or goes on with it, with what is known of it now. Nothing is trained before.
   *
   * @throws {UsageError} if the run was started with something else and `override` is not set, naming what differs.
   */
  begin(facts: RunFacts, images: RunImages): void {
    const { record, settings } = this;
    if (this.holdsRun && (record !== null || this.stages.isOlder || !this.stages.isThere)) {
      const differences = record === null
        ? []
        : factDifferences({ facts: record.facts, images: this.#images(record) }, { facts, images });
      if (!this.options.override) refuse(this.path, differences);
      const changes = [...this.overridden, ...differences];
      if (record !== null) {
        const override = { time: new Date().toISOString(), after: this.stages.last, changes };
        const overrides = changes.length === 0 ? record.overrides : [...record.overrides, override];
        this.#record = { ...record, facts, overrides };
      }
    } else this.#record = { id: runId(settings, facts), facts, overrides: [] };
    const isOlder = this.#record === null;
    if (!isOlder) writeFileSafely(this.file(imagesName), jsonText(images));
    writeFileSafely(this.file(configName), jsonText(configContent({ settings, record: this.#record })));
    if (!isOlder) this.stages.write(this.run ?? null);
  }

  /** What the run is known by; `undefined` before it has begun, and if an earlier version began it. */
  get run(): string | undefined {
    return this.#record?.id;
  }

  /** What the run was started with, and what was overridden since; `null` before it has begun. */
  get record(): RunRecord | null {
    return this.#record;
  }

  /** The full path of a file in the folder. */
  file(...names: string[]): string {
    return join(this.path, ...names);
  }

  /**
   * The result of a stage. If the stage was finished in an earlier start, its kept result; else it is computed now and
   * kept. It is on the disk before this returns, and so are all files that the stage wrote.
   */
  async once<T>(stage: string, form: KeptForm<T>, compute: () => Promise<T>): Promise<T> {
    const kept = this.stages.get(stage, form);
    if (kept !== undefined) return kept;
    const result = await compute();
    this.#prepareWriting();
    this.stages.add(stage, result, this.run ?? null, this.#log.mark());
    return result;
  }

  /** The kept result of a stage; `undefined` if it is not finished. */
  kept<T>(stage: string, form: KeptForm<T>): T | undefined {
    return this.stages.get(stage, form);
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
    if (this.holdsRun && existsSync(this.file(checkpointName))) return new Map();
    const found = find();
    writeFileSafely(path, jsonText(Object.fromEntries(found)));
    return found;
  }

  /** Writes a file. If writing is interrupted, the old file stays. What was logged before is on the disk then, too. */
  write(name: string, data: Uint8Array<ArrayBuffer> | string): Promise<void> {
    return new Promise((resolve) => {
      this.#prepareWriting();
      writeFileSafely(this.file(name), data);
      if (!changingNames.has(name) && !isRoundWeights(name)) this.stages.noteFile(name, data);
      resolve();
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
      this.#requireFolder();
      resolve(this.#log.append(entry));
    });
  }

  /**
   * Drops the log's lines of steps that will be done again: those of `stage` from `step` on, and all lines after them.
   */
  truncateLog(stage: string, step: number): Promise<void> {
    return new Promise((resolve) => resolve(this.#log.truncate(stage, step)));
  }

  /** Opens a sink for the pseudo-labels of a round. It writes a file for each image, under the image's name. */
  openLabels(
    round: number,
    items: readonly FileItem[],
    classes: number,
    palette?: readonly Colour[],
    merge?: MergedLabels,
    names?: readonly string[],
  ): LabelSink {
    return this.#labels.openSink(round, items, { classes, palette, merge, names });
  }

  /** The images of a round, with their pseudo-labels as label files. */
  labelledItems(round: number, items: readonly FileItem[], classes: number, names?: readonly string[]): FileItem[] {
    return this.#labels.items(round, items, { classes, names });
  }

  /** Closes the log and lets other runs open the folder. */
  close(): void {
    this.#log.close();
    this.lock.release();
  }

  /** The images of the run's start; `null` if the list of them is not the one that the record knows. */
  #images(record: RunRecord): RunImages | null {
    const path = this.file(imagesName);
    if (!existsSync(path)) return null;
    const images = validated(imagesSchema, new TextDecoder().decode(readFile(path)), path, "list of images");
    const isKnown = Object.entries(record.facts.data).every(([name, { digest }]) =>
      digestOfTexts((images[name] ?? []).map(([, one]) => one)) === digest
    );
    return isKnown ? images : null;
  }

  /** What must hold before a file of the run is written: the folder is there, and what was logged is on the disk. */
  #prepareWriting(): void {
    this.#requireFolder();
    this.#log.sync();
  }

  #requireFolder(): void {
    if (this.lock.isHeld()) return;
    throw new Error(`The run's folder ${this.path} was removed or renamed while the run was going on`);
  }
}

/** Whether a folder holds results of stages. Results that cannot be read count. */
function holdsStages(path: string): boolean {
  try {
    return !StagesFile.read(path).isEmpty;
  } catch {
    return true;
  }
}

function missing(path: string): Error {
  return new Error(
    `Cannot go on with the run: ${path} is missing. Put back the file that the run wrote, or start the run anew in ` +
      "another folder",
  );
}

/** @throws {UsageError} naming the first difference, if there is one. */
function refuse(path: string, [first, ...others]: readonly Difference[]): void {
  if (first === undefined) return;
  const { what, from, to } = first;
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  const kind = what.startsWith("--") ? "other settings" : "something else";
  throw new UsageError(
    `The run in ${path} was started with ${kind}: ${what} was ${from} and is ${to}${more}. ` +
      "Leave out what is not to change, choose another folder with --out, or go on all the same with --override",
  );
}

/** @throws {Error} if the file does not hold names of schedules. */
function readTuning(path: string): Tuning {
  const names = v.record(v.string(), v.string());
  return new Map(Object.entries(validated(names, new TextDecoder().decode(readFile(path)), path, "schedules")));
}
