/**
 * Large .npy files in pieces. Arrays are read slice by slice. They are written piece by piece beside the old file, and
 * replace it when they are whole.
 *
 * @module
 */

import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import {
  FortranPlaces,
  NPY_HEADER_BYTES,
  type NpyData,
  npyElementBytes,
  type NpyFileType,
  npyFloats,
  npyFloatTypes,
  type NpyHeader,
  npyHeaderBytes,
  type NpyType,
  readNpyHeader,
  requireNpySize,
} from "../formats/npy.ts";
import { systemReason } from "./reasons.ts";

/** Elements of an array in Fortran order that are in memory together, besides those that are wanted. */
const elementsAtOnce = 2 ** 20;

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
   * @param types the types that are taken. Default: those of real numbers.
   * @throws {Error} if it cannot be read, is no array of such numbers, or was cut off.
   */
  constructor(path: string, types: readonly NpyFileType[] = npyFloatTypes) {
    this.path = path;
    try {
      this.#file = openSync(path, "r");
    } catch (error) {
      throw new Error(`Cannot read ${path}: ${systemReason(error)}`);
    }
    try {
      if (fstatSync(this.#file).isDirectory()) throw new Error(`Cannot read ${path}: it is a folder`);
      const start = new Uint8Array(NPY_HEADER_BYTES);
      const length = readSync(this.#file, start, 0, start.length, 0);
      this.header = readNpyHeader(start.subarray(0, length), path, types);
      requireNpySize(this.header, fstatSync(this.#file).size, path);
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  /**
   * `count` numbers from number `first` on, in C order, as float32. Of an array in Fortran order they lie apart, so the
   * whole file is gone through, piece by piece.
   */
  floats(first: number, count: number): Float32Array<ArrayBuffer> {
    const { shape, isFortranOrder } = this.header;
    if (!isFortranOrder) return npyFloats(this.#read(first, count), this.header);
    const all = shape.reduce((product, side) => product * side, 1);
    const places = new FortranPlaces(shape);
    const wanted = new Float32Array(count);
    for (let start = 0; start < all; start += elementsAtOnce) {
      const piece = npyFloats(this.#read(start, Math.min(elementsAtOnce, all - start)), this.header);
      for (const value of piece) {
        const place = places.next() - first;
        if (place >= 0 && place < count) wanted[place] = value;
      }
    }
    return wanted;
  }

  /** The bytes of `count` elements from element `first` on, as they follow each other in the file. */
  #read(first: number, count: number): Uint8Array<ArrayBuffer> {
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
  readonly #dataOffset: number;
  /** Where the next bytes are appended. */
  #end = 0;
  #open = true;

  /** Begins an array of this shape and type. Makes the folder where it is missing. */
  constructor(path: string, shape: readonly number[], dtype: NpyType) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    this.#file = openSync(`${path}.tmp`, "w");
    const header = npyHeaderBytes(shape, dtype);
    this.#dataOffset = header.length;
    this.#write(header, 0);
  }

  /** Appends numbers. */
  append(data: NpyData): void {
    this.#write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), this.#end);
  }

  /** Writes numbers from number `first` on. Every number must be written in the end. */
  put(first: number, data: NpyData): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#write(bytes, this.#dataOffset + first * data.BYTES_PER_ELEMENT);
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

  #write(bytes: Uint8Array, place: number): void {
    try {
      for (let written = 0; written < bytes.length;) {
        written += writeSync(this.#file, bytes, written, bytes.length - written, place + written);
      }
      this.#end = Math.max(this.#end, place + bytes.length);
    } catch (error) {
      throw new Error(
        `Cannot write ${this.#path}: ${systemReason(error)}. What was there before is kept`,
      );
    }
  }
}
