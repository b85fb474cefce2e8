/**
 * Large .npy files in pieces. Arrays are read slice by slice. They are written piece by piece beside the old file, and
 * replace it when they are whole.
 *
 * @module
 */

import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import {
  NPY_HEADER_BYTES,
  type NpyData,
  npyElementBytes,
  type NpyHeader,
  npyHeaderBytes,
  type NpyType,
  readNpyHeader,
} from "../formats/npy.ts";
import { systemReason } from "./reasons.ts";

/** An array in a file that stays open. */
export class NpyFile {
  /** Where it is. */
  readonly path: string;
  /** Shape, type and place of the numbers. */
  readonly header: NpyHeader;
  readonly #file: number;

  /**
   * Opens a file and reads its header.
   *
   * @throws {Error} if it cannot be read, is no array, or was cut off.
   */
  constructor(path: string) {
    this.path = path;
    try {
      this.#file = openSync(path, "r");
    } catch (error) {
      throw new Error(`Cannot read ${path}: ${systemReason(error)}`);
    }
    try {
      if (fstatSync(this.#file).isDirectory()) throw new Error(`Cannot read ${path}: it is a folder`);
      const start = new Uint8Array(NPY_HEADER_BYTES);
      this.header = readNpyHeader(start.subarray(0, readSync(this.#file, start, 0, start.length, 0)), path);
      const { shape, dtype, dataOffset } = this.header;
      const wanted = shape.reduce((product, side) => product * side, npyElementBytes[dtype]);
      const found = fstatSync(this.#file).size - dataOffset;
      if (found !== wanted) {
        throw new Error(
          `Cannot read ${path}: it has ${found} bytes of numbers, [${shape.join(", ")}] of ${dtype} takes ${wanted}. ` +
            "Was it cut off?",
        );
      }
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  /** The bytes of `count` elements from element `first` on. */
  read(first: number, count: number): Uint8Array<ArrayBuffer> {
    const { dtype, dataOffset } = this.header;
    const bytes = new Uint8Array(count * npyElementBytes[dtype]);
    const start = dataOffset + first * npyElementBytes[dtype];
    for (let done = 0; done < bytes.length;) {
      const got = readSync(this.#file, bytes, done, bytes.length - done, start + done);
      if (got === 0) throw new Error(`Cannot read ${this.path}: it became shorter while it was read`);
      done += got;
    }
    return bytes;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/**
 * An array that is written in pieces. Until `finish` the old file is untouched. Disposing before `finish` drops the new
 * one.
 */
export class NpyWriter {
  readonly #path: string;
  readonly #file: number;
  #open = true;

  /** Begins an array of this shape and type. Makes the folder where it is missing. */
  constructor(path: string, shape: readonly number[], dtype: NpyType) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    this.#file = openSync(`${path}.tmp`, "w");
    this.#write(npyHeaderBytes(shape, dtype));
  }

  /** Appends numbers. */
  append(data: NpyData): void {
    this.#write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  /** Puts the new file in the place of the old one. */
  finish(): void {
    fsyncSync(this.#file);
    closeSync(this.#file);
    this.#open = false;
    renameSync(`${this.#path}.tmp`, this.#path);
  }

  /** Drops what was not finished. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#file);
    rmSync(`${this.#path}.tmp`, { force: true });
  }

  #write(bytes: Uint8Array): void {
    try {
      for (let written = 0; written < bytes.length;) {
        written += writeSync(this.#file, bytes, written, bytes.length - written);
      }
    } catch (error) {
      throw new Error(
        `Cannot write ${this.#path}: ${systemReason(error)}. What was there before is kept`,
      );
    }
  }
}
