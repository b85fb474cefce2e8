/**
 * A lock on a folder. The system releases it when the process that holds it ends, however it ends.
 *
 * @module
 */

import { existsSync, readFileSync, statSync, unlinkSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import * as v from "valibot";
import { UsageError } from "../errors.ts";
import { systemReason } from "./reasons.ts";
import { makeFolder } from "./files.ts";

/** Name of the file that is locked. It tells who holds the lock. */
export const lockName = "lock";

const holderSchema = v.object({ process: v.number(), host: v.optional(v.string()), since: v.string() });

/** A folder that this process alone may write to. Release it when done: `using lock = FolderLock.take(path)`. */
export class FolderLock {
  #file: Deno.FsFile | null;

  private constructor(file: Deno.FsFile, readonly path: string) {
    this.#file = file;
  }

  /**
   * Takes the lock of a folder, which is made if it is missing. It does not wait.
   *
   * @throws {UsageError} if another run holds it, naming the process.
   * @throws {Error} if the folder cannot be written to.
   */
  static take(folder: string): FolderLock {
    const path = join(folder, lockName);
    makeFolder(folder);
    for (;;) {
      const file = open(path);
      if (!file.tryLockSync(true)) {
        file.close();
        throw new UsageError(`${folder} is in use by another run${holderText(path)}`);
      }
      // The holder before may have removed the file between the opening and the locking.
      if (isOpened(file, path)) {
        write(file, path);
        return new FolderLock(file, path);
      }
      file.close();
    }
  }

  /** Whether the lock is still that of the folder: neither was the folder removed or renamed, nor the lock released. */
  isHeld(): boolean {
    return this.#file !== null && isOpened(this.#file, this.path);
  }

  /** Releases the lock and removes its file. */
  release(): void {
    if (this.#file === null) return;
    try {
      if (this.isHeld()) unlinkSync(this.path);
    } catch {
      // The folder itself may be gone. Windows removes no file that is open.
    }
    this.#file.close();
    this.#file = null;
  }

  /** Releases the lock. */
  [Symbol.dispose](): void {
    this.release();
  }
}

/**
 * Whether a process holds the lock of a folder now. The file alone does not tell: one that was killed leaves it behind.
 * The file is only read.
 */
export function isFolderLocked(folder: string): boolean {
  const path = join(folder, lockName);
  if (!existsSync(path)) return false;
  try {
    using file = Deno.openSync(path, { read: true });
    return !file.tryLockSync(false);
  } catch {
    // It was removed meanwhile, or the file system knows no locks.
    return existsSync(path);
  }
}

function open(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { read: true, write: true, create: true });
  } catch (error) {
    throw new Error(`Cannot write ${path}: ${systemReason(error)}`);
  }
}

/** Whether an open file is still the one of that path. */
function isOpened(file: Deno.FsFile, path: string): boolean {
  try {
    return statSync(path).ino === file.statSync().ino;
  } catch {
    return false;
  }
}

function write(file: Deno.FsFile, path: string): void {
  const holder = { process: process.pid, host: hostName(), since: new Date().toISOString() };
  try {
    file.truncateSync(0);
    file.writeSync(new TextEncoder().encode(`${JSON.stringify(holder)}\n`));
  } catch (error) {
    file.close();
    throw new Error(`Cannot write ${path}: ${systemReason(error)}`);
  }
}

/** Who holds a lock, as the end of a sentence; empty if that cannot be read. */
function holderText(path: string): string {
  try {
    const holder = v.parse(holderSchema, JSON.parse(readFileSync(path, "utf8")));
    return `: process ${holder.process}${holder.host === undefined ? "" : ` on ${holder.host}`}, since ${holder.since}`;
  } catch {
    return "";
  }
}

/** The name of this machine; nothing without the right to ask for it. */
function hostName(): string | undefined {
  try {
    return hostname();
  } catch {
    return undefined;
  }
}
