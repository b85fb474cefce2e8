/**
 * `stages.json`: the results of a run's finished stages, a digest of every file that they left, and one of the log up to
 * there. It holds the run's id and a digest of itself.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { readFile, writeFileSafely } from "../disk/files.ts";
import { validated } from "../formats/validation.ts";
import type { KeptForm } from "../selftraining/kept.ts";
import { jsonText } from "../selftraining/store.ts";
import { digestOfJson, sha256 } from "./file_digest.ts";
import { errorText } from "../errors.ts";
import { type LogMark, logMarkSchema, logName, matchesMark } from "./run_log.ts";

const name = "stages.json";
const stagesSchema = v.record(v.string(), v.unknown());
const fileSchema = v.object({
  run: v.nullable(v.string()),
  stages: stagesSchema,
  files: v.record(v.string(), v.string()),
  log: v.nullable(logMarkSchema),
  digest: v.string(),
});

/** The finished stages of a run. */
export class StagesFile {
  readonly #stages: Record<string, unknown>;
  readonly #files: Record<string, string>;
  /** The log when the last stage was finished. */
  #log: LogMark | null;
  /** Digests of files that the stage in progress has written. */
  readonly #pending = new Map<string, string>();

  private constructor(
    readonly folder: string,
    stages: Record<string, unknown>,
    files: Record<string, string>,
    /** Whether the file is there. */
    readonly isThere: boolean,
    /** Whether it was written by an earlier version, which kept nothing but the results. */
    readonly isOlder: boolean,
    /** The id of the run that wrote it; `null` if that had none yet. */
    readonly run: string | null,
    log: LogMark | null,
  ) {
    this.#stages = stages;
    this.#files = files;
    this.#log = log;
  }

  /**
   * Reads the file in a run's folder.
   *
   * @throws {Error} if it is damaged.
   */
  static read(folder: string): StagesFile {
    const path = join(folder, name);
    if (!existsSync(path)) return new StagesFile(folder, {}, {}, false, false, null, null);
    const text = new TextDecoder().decode(readFile(path));
    const content = validated(stagesSchema, text, path, "stages");
    if (!("digest" in content || "stages" in content)) {
      return new StagesFile(folder, content, {}, true, true, null, null);
    }
    const { run, stages, files, log, digest } = validated(fileSchema, text, path, "stages");
    if (digest !== digestOf(run, stages, files, log)) {
      throw new Error(`Cannot read the stages ${path}: key "digest": the file was changed since the run wrote it`);
    }
    return new StagesFile(folder, stages, files, true, false, run, log);
  }

  /** An empty list of stages, for a new run. */
  static empty(folder: string): StagesFile {
    return new StagesFile(folder, {}, {}, false, false, null, null);
  }

  /** The path of the file. */
  get path(): string {
    return join(this.folder, name);
  }

  /** Whether no stage is finished. */
  get isEmpty(): boolean {
    return Object.keys(this.#stages).length === 0;
  }

  /** The name of the stage that was finished last; `null` if none is. */
  get last(): string | null {
    return Object.keys(this.#stages).at(-1) ?? null;
  }

  /**
   * The result of a stage; `undefined` if it is not finished.
   *
   * @throws {Error} if it has not the form.
   */
  get<T>(stage: string, form: KeptForm<T>): T | undefined {
    if (!(stage in this.#stages)) return undefined;
    try {
      return form(this.#stages[stage]);
    } catch (error) {
      throw new Error(
        `Cannot read the stages ${this.path}: key "${stage}": ${errorText(error)}`,
      );
    }
  }

  /** Remembers that a file was written, for the stage in progress. */
  noteFile(file: string, bytes: Uint8Array | string): void {
    this.#pending.set(file, sha256(bytes));
  }

  /** Adds the result of a stage, the files that were written meanwhile and the log, and writes everything for a run. */
  add(stage: string, result: unknown, run: string | null, log: LogMark): void {
    this.#stages[stage] = result;
    this.#log = log;
    for (const [file, digest] of this.#pending) this.#files[file] = digest;
    this.#pending.clear();
    this.write(run);
  }

  /** Writes the file. */
  write(run: string | null): void {
    const [stages, files, log] = [this.#stages, this.#files, this.#log];
    const content = this.isOlder ? stages : { run, stages, files, log, digest: digestOf(run, stages, files, log) };
    writeFileSafely(join(this.folder, name), jsonText(content));
  }

  /** The rounds whose pseudo-labels are finished. */
  get labelledRounds(): number[] {
    return Object.keys(this.#stages).flatMap((stage) => /^round (\d+): labelling$/.exec(stage)?.[1] ?? []).map(Number);
  }

  /**
   * Makes sure that the files of the finished stages are what the stages wrote, and that the log begins as it did.
   *
   * @throws {Error} naming the first file that is missing or was changed.
   */
  requireFiles(): void {
    for (const [file, digest] of Object.entries(this.#files)) this.requireFile(file, digest);
    const log = this.#log;
    if (log !== null) this.#require(logName, (path) => matchesMark(path, log));
  }

  /**
   * Makes sure that a file has a digest.
   *
   * @throws {Error} naming the file if it is missing or has another one.
   */
  requireFile(file: string, digest: string): void {
    this.#require(file, (path) => sha256(readFile(path)) === digest);
  }

  #require(file: string, isIntact: (path: string) => boolean): void {
    const path = join(this.folder, file);
    const advice = "Put back the file that the run wrote, or start the run anew in another folder";
    if (!existsSync(path)) throw new Error(`Cannot go on with the run: ${path} is missing. ${advice}`);
    if (isIntact(path)) return;
    throw new Error(`Cannot go on with the run: ${path} was changed since the run wrote it. ${advice}`);
  }
}

function digestOf(run: string | null, stages: unknown, files: unknown, log: LogMark | null): string {
  return digestOfJson([run, stages, files, log]);
}
