/**
 * Tables of nuScenes: JSON files that hold a list of objects. That of all files of the data set has more than a gigabyte,
 * more than a text may have, so a table is read piece by piece, and rows that nobody wants are not parsed.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { closeSync, openSync, readSync } from "node:fs";
import type * as v from "valibot";
import { validated } from "../../formats/validation.ts";

/** Bytes that are read at once. */
const pieceBytes = 2 ** 22;

const [quote, backslash, open, close] = [...'"\\{}'].map((letter) => letter.charCodeAt(0));

/**
 * The rows of a table.
 *
 * @param mark what stands in the text of each row that is wanted. Default: all are.
 * @throws {Error} naming the file and the row where it cannot be read, is cut short, or a row has not the form.
 */
export function readTable<Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
  mark?: string,
): v.InferOutput<Schema>[] {
  const rows: v.InferOutput<Schema>[] = [];
  let number = 0;
  for (const bytes of objectsOf(path)) {
    number++;
    if (mark === undefined || bytes.includes(mark)) {
      rows.push(validated(schema, bytes.toString("utf8"), `${path}, row ${number}`, "table"));
    }
  }
  return rows;
}

/** The bytes of each object of the list. */
function* objectsOf(path: string): Generator<Buffer, void, void> {
  const file = openTable(path);
  try {
    const walk = { depth: 0, isText: false, isEscaped: false };
    /** The beginning of an object that the last piece did not end. */
    let before = Buffer.alloc(0);
    const piece = Buffer.alloc(pieceBytes);
    for (let length = readSync(file, piece); length > 0; length = readSync(file, piece)) {
      let start = before.length > 0 ? 0 : -1;
      for (let place = 0; place < length; place++) {
        const byte = piece[place];
        if (walk.isEscaped) walk.isEscaped = false;
        else if (walk.isText) {
          if (byte === backslash) walk.isEscaped = true;
          else if (byte === quote) walk.isText = false;
        } else if (byte === quote) walk.isText = true;
        else if (byte === open && walk.depth++ === 0) start = place;
        else if (byte === close && --walk.depth === 0) {
          yield Buffer.concat([before, piece.subarray(start, place + 1)]);
          before = Buffer.alloc(0);
          start = -1;
        }
        if (walk.depth < 0) throw new Error(`Cannot read the table ${path}: it is no list of objects`);
      }
      if (start >= 0) before = Buffer.concat([before, piece.subarray(start, length)]);
    }
    if (walk.depth > 0 || walk.isText) throw new Error(`Cannot read the table ${path}: the file is cut short`);
  } finally {
    closeSync(file);
  }
}

function openTable(path: string): number {
  try {
    return openSync(path, "r");
  } catch {
    throw new Error(`Cannot read the table ${path}: there is no such file, or it may not be read`);
  }
}
