/**
 * A run's log, `metrics.jsonl`: one line of JSON for each training step and each event.
 *
 * @module
 */

import { closeSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import * as v from "valibot";
import { systemReason } from "../disk/reasons.ts";
import { syncOpenFile } from "../disk/syncs.ts";
import { readFile } from "../disk/files.ts";
import { validated } from "../formats/validation.ts";
import { sha256 } from "./file_digest.ts";

/** The name of the file. */
export const logName = "metrics.jsonl";

const entrySchema = v.looseObject({ stage: v.optional(v.string()), step: v.optional(v.number()) });

/** The form of a {@link LogMark}. */
export const logMarkSchema = v.object({ bytes: v.number(), digest: v.string() });

/** A log up to a place: how many bytes there were, and a digest of them. */
export type LogMark = v.InferOutput<typeof logMarkSchema>;

/** Whether a log begins as it was when it was marked. */
export function matchesMark(path: string, { bytes, digest }: LogMark): boolean {
  return sha256(readFile(path).subarray(0, bytes)) === digest;
}

/** An opened log. */
export class RunLog {
  readonly #file: number;

  /** Opens the log, which is made if it is missing. */
  constructor(readonly path: string) {
    this.#file = this.#writing(() => openSync(path, "a"));
  }

  /** Appends a line. */
  append(entry: Readonly<Record<string, unknown>>): void {
    const bytes = new TextEncoder().encode(`${JSON.stringify(entry)}\n`);
    this.#writing(() => {
      for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written);
    });
  }

  /** Waits until all lines are on the disk. */
  sync(): void {
    this.#writing(() => syncOpenFile(this.#file, this.path));
  }

  /** Marks what was logged so far. */
  mark(): LogMark {
    const bytes = readFile(this.path);
    return { bytes: bytes.length, digest: sha256(bytes) };
  }

  /**
   * Drops the lines of `stage` from `step` on, and all lines after them. Drops a last line that was cut off, too.
   *
   * @throws {Error} if another line cannot be read, naming it.
   */
  truncate(stage: string, step: number): void {
    const lines = readFileSync(this.path, "utf8").split(/(?<=\n)/);
    let kept = 0;
    for (const [index, line] of lines.entries()) {
      // What a crash or a power cut left of the last line.
      if (!line.endsWith("\n") || isCutOff(lines, index)) break;
      const entry = validated(entrySchema, line, `${this.path}, line ${index + 1}`, "log");
      if (entry.stage === stage && entry.step !== undefined && entry.step >= step) break;
      kept += new TextEncoder().encode(line).length;
    }
    this.#writing(() => truncateSync(this.path, kept));
  }

  /** Closes the file. */
  close(): void {
    closeSync(this.#file);
  }

  #writing<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw new Error(`Cannot write ${this.path}: ${systemReason(error)}`);
    }
  }
}

/** Whether from this line on there are only zeros, as a power cut leaves them where lines were not on the disk yet. */
function isCutOff(lines: readonly string[], index: number): boolean {
  return lines[index]?.startsWith("\0") === true && lines.slice(index).every((line) => /^\0*\n?$/.test(line));
}
