/**
 * Class maps: from the classes of one data set to those of another. A class-map file is JSON with the keys `from`, `to`
 * (data-set names), `from_classes`, `to_classes` (names in id order), `map` (from id, as text, to id) and `ignore`.
 *
 * @module
 */

import * as v from "valibot";
import { strictJson } from "../formats/commented_json.ts";
import { validated } from "../formats/validation.ts";

/** The id of ignored pixels everywhere in the program, whatever a data set writes for them. */
export const IGNORE_LABEL = 255;

/** A class map, checked. */
export interface ClassMap {
  /** `from → to`, for messages. */
  name: string;
  /** Class names of the data sets that it applies to, in id order. */
  fromClasses: string[];
  /** Class names afterwards, in id order. */
  toClasses: string[];
  /** `toId[fromId]`. {@link IGNORE_LABEL} for a class that becomes ignored. */
  toId: number[];
}

/**
 * What each id of a label file becomes: a class id, {@link IGNORE_LABEL}, or −1 if the id must not occur. It has 256
 * entries, or more where a data set has larger ids, as SemanticKITTI does.
 */
export type LabelTable = Int16Array;

/**
 * The ids that colours stand for in label files, as these mean ids: before the table. A colour is the number
 * `red × 65536 + green × 256 + blue`.
 */
export type LabelColours = ReadonlyMap<number, number>;

const id = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));
const classNames = v.pipe(v.array(v.pipe(v.string(), v.nonEmpty())), v.minLength(1), v.maxLength(255));
const classMapSchema = v.looseObject({
  from: v.optional(v.string()),
  to: v.optional(v.string()),
  from_classes: classNames,
  to_classes: classNames,
  map: v.record(v.pipe(v.string(), v.regex(/^\d{1,3}$/, "Expected an id from 0 to 255")), id),
  ignore: v.optional(id, IGNORE_LABEL),
});

/**
 * Checks the text of a class-map file; `path` appears in messages.
 *
 * @throws {Error} where it is not JSON, a key is missing or wrong, a class has no target or a target does not exist.
 */
export function parseClassMap(text: string, path: string): ClassMap {
  const file = validated(classMapSchema, strictJson(text), path, "class map");
  const toId = file.from_classes.map((name, fromId) => {
    const target = file.map[String(fromId)];
    if (target === undefined) throw new Error(`Class map ${path}: map has no entry for ${fromId} (${name})`);
    if (target === file.ignore) return IGNORE_LABEL;
    if (target >= file.to_classes.length) {
      throw new Error(
        `Class map ${path}: map sends ${fromId} (${name}) to ${target}, but to_classes has the ids 0 to ${
          file.to_classes.length - 1
        } ` +
          `and ignore is ${file.ignore}`,
      );
    }
    return target;
  });
  for (const key of Object.keys(file.map)) {
    if (Number(key) >= file.from_classes.length && Number(key) !== file.ignore) {
      throw new Error(
        `Class map ${path}: map has an entry for ${key}, but from_classes has ${file.from_classes.length} names`,
      );
    }
  }
  return {
    name: `${file.from ?? "?"} → ${file.to ?? "?"}`,
    fromClasses: file.from_classes,
    toClasses: file.to_classes,
    toId,
  };
}

/**
 * The table of a label file with `classCount` classes and the ignored id `ignore`, with a class map applied if one is
 * given.
 */
export function labelTable(classCount: number, ignore: number = IGNORE_LABEL, classMap?: ClassMap): LabelTable {
  const table = new Int16Array(256).fill(-1);
  for (let fromId = 0; fromId < classCount; fromId++) table[fromId] = classMap?.toId[fromId] ?? fromId;
  table[ignore] = IGNORE_LABEL;
  return table;
}

/**
 * The table of label files whose ids mean classes in another order, as those of official data sets do.
 *
 * @param ids the class of each id that may occur, {@link IGNORE_LABEL} for ignored pixels.
 */
export function idTable(ids: ReadonlyMap<number, number>, classMap?: ClassMap): LabelTable {
  const table = new Int16Array(Math.max(256, ...[...ids.keys()].map((id) => id + 1))).fill(-1);
  for (const [id, classId] of ids) {
    table[id] = classId === IGNORE_LABEL ? IGNORE_LABEL : classMap?.toId[classId] ?? classId;
  }
  return table;
}

/**
 * The labels `[height, width]` with every id replaced by its entry of `table`.
 *
 * @throws {Error} at the first id whose entry is −1, naming the file, the id and the pixel.
 */
export function translateLabels(
  labels: Uint8Array,
  width: number,
  table: LabelTable,
  path: string,
): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(labels.length);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const found = labels[pixel] ?? 0;
    const translated = table[found] ?? -1;
    if (translated < 0) {
      const known = [...table.keys()].filter((other) => (table[other] ?? -1) >= 0);
      throw new Error(
        `Cannot use the labels ${path}: id ${found} at row ${Math.floor(pixel / width)}, column ${
          pixel % width
        } is none of ` +
          `the ${known.length} ids of the data set (${
            ranges(known)
          }). Correct the file, or the classes and ignore in dataset.json`,
      );
    }
    result[pixel] = translated;
  }
  return result;
}

/** Whether two lists of class names are the same, in the same order. */
export function sameClasses(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

/** The first difference of two lists of class names in words, or `null` where they are equal. */
export function classDifference(found: readonly string[], wanted: readonly string[]): string | null {
  if (sameClasses(found, wanted)) return null;
  for (let index = 0; index < Math.max(found.length, wanted.length); index++) {
    const [foundName, wantedName] = [found[index], wanted[index]];
    if (foundName === wantedName) continue;
    const counts = found.length === wanted.length ? "" : `${found.length} classes, expected ${wanted.length}; `;
    return `${counts}id ${index} is ${quoted(foundName)}, expected ${quoted(wantedName)}`;
  }
  return null;
}

function quoted(name: string | undefined): string {
  return name === undefined ? "no class" : `"${name}"`;
}

/** Sorted whole numbers as ranges: `0–6, 255`. */
function ranges(values: number[]): string {
  const parts: string[] = [];
  let first = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? 0;
    if (index === 0 || value !== (values[index - 1] ?? 0) + 1) first = value;
    if (values[index + 1] !== value + 1) parts.push(first === value ? `${value}` : `${first}–${value}`);
  }
  return parts.join(", ");
}
