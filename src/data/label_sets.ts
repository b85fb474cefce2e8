/**
 * Label sets: lists of classes that data sets are labelled in and networks predict, and how the classes of one become
 * those of another. The built-in ones are files of the folder `label_sets`. Each says which parts of the world each of
 * its classes holds, so that any two can be compared.
 *
 * @module
 */

import * as v from "valibot";
import camvid11 from "../../label_sets/camvid-11.json" with { type: "json" };
import cityscapes13 from "../../label_sets/cityscapes-13.json" with { type: "json" };
import cityscapes16 from "../../label_sets/cityscapes-16.json" with { type: "json" };
import cityscapes19 from "../../label_sets/cityscapes-19.json" with { type: "json" };
import idd7 from "../../label_sets/idd-7.json" with { type: "json" };
import idd26 from "../../label_sets/idd-26.json" with { type: "json" };
import nuscenes16 from "../../label_sets/nuscenes-16.json" with { type: "json" };
import semantickitti19 from "../../label_sets/semantickitti-19.json" with { type: "json" };
import { ReasonedError } from "../errors.ts";
import { type ClassMap, IGNORE_LABEL, type LabelColours, type LabelTable } from "./class_map.ts";
import { parseDataset } from "./dataset.ts";
import { type Colour, colourNumber } from "./encode.ts";
import { isLabelSetName, type LabelSetName, labelSetNames } from "./label_set_names.ts";
import { strictJson } from "../formats/commented_json.ts";
import { validated } from "../formats/validation.ts";

/** What the raw ids of label files become: a class, or {@link IGNORE_LABEL}. An id without an entry must not occur. */
export type RawIds = ReadonlyMap<number, number>;

/** A list of classes, and what is known of it. */
export interface LabelSet {
  /** Its name, such as `cityscapes-19`. */
  readonly name: string;
  /** Class names in id order. */
  readonly classes: readonly string[];
  /** A colour per class. */
  readonly palette: readonly Colour[];
  /**
   * What the raw ids of label files become, by the name of the encoding: `cityscapes` are the ids of `labelIds` files and
   * of GTA5, `synthia`, `synthia-seqs`, `idd`, … those of these data sets. `train` is always there: ids in the order of
   * the classes, and what the set itself calls ignored.
   */
  readonly ids: ReadonlyMap<string, RawIds>;
  /** What the colours of label files become, by the name of the encoding. Ids are as in `ids`: a class or ignored. */
  readonly colours: ReadonlyMap<string, LabelColours>;
  /** Names of sets of fewer classes, over which the scores of this one are averaged too. */
  readonly subsets: readonly string[];
  /** Where all that comes from: paper, repository, file. */
  readonly source: string;
  /** What each class holds; `null` where that is not known. */
  readonly parts: readonly ClassParts[] | null;
}

/** The parts of the world that a class holds, such as `bicycle rider`. Sets share the words. */
export interface ClassParts {
  /** What its pixels mostly are. */
  readonly holds: readonly string[];
  /** What is counted to it besides, if it is seen. */
  readonly also: readonly string[];
}

/** Classes by their names, with what else is known of them. */
export type ClassNames = Pick<LabelSet, "classes"> & Partial<Pick<LabelSet, "name" | "parts">>;

const words = v.array(v.pipe(v.string(), v.nonEmpty()));
const encoding = <Value extends v.GenericSchema>(value: Value) =>
  v.record(v.string(), v.strictObject({ classes: v.record(v.string(), v.array(value)), ignored: v.array(value) }));
const hexColour = v.pipe(
  v.string(),
  v.check(
    (text) => /^#[0-9a-f]{6}$/i.test(text),
    ({ received }) => `found ${received.slice(0, 80)}, expected a colour such as "#804080"`,
  ),
);
const labelSetSchema = v.strictObject({
  name: v.pipe(v.string(), v.nonEmpty()),
  title: v.optional(v.string()),
  source: v.optional(v.string(), ""),
  subsets: v.optional(words, []),
  classes: v.pipe(
    v.array(
      v.strictObject({
        name: v.pipe(v.string(), v.nonEmpty()),
        colour: hexColour,
        holds: v.pipe(words, v.minLength(1)),
        also: v.optional(words, []),
      }),
    ),
    v.minLength(1),
    v.maxLength(255),
  ),
  ids: v.optional(encoding(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65535))), {}),
  colours: v.optional(encoding(hexColour), {}),
});

type LabelSetFile = v.InferOutput<typeof labelSetSchema>;

const files: Readonly<Record<LabelSetName, unknown>> = {
  "cityscapes-19": cityscapes19,
  "cityscapes-16": cityscapes16,
  "cityscapes-13": cityscapes13,
  "camvid-11": camvid11,
  "idd-7": idd7,
  "idd-26": idd26,
  "semantickitti-19": semantickitti19,
  "nuscenes-16": nuscenes16,
};

/** Built-in sets that were asked for. */
const known = new Map<string, LabelSet>();

/**
 * A built-in label set.
 *
 * @throws {ReasonedError} where there is none of that name.
 */
export function labelSet(name: string): LabelSet {
  const found = known.get(name);
  if (found !== undefined) return found;
  if (!isLabelSetName(name)) {
    throw new ReasonedError(
      `There is no label set "${name}": known are ${labelSetNames.join(", ")}`,
      "unknown label set",
    );
  }
  const made = parseLabelSet(JSON.stringify(files[name]), `label_sets/${name}.json`);
  known.set(name, made);
  return made;
}

/**
 * Checks the text of a label-set file, or of a `dataset.json`, which says classes, colours and the ignored id only.
 *
 * @param path appears in messages.
 * @throws {Error} where it is not JSON, or a key is missing or wrong.
 */
export function parseLabelSet(commented: string, path: string): LabelSet {
  const text = strictJson(commented);
  if (isDataset(text)) {
    const { name, classes, palette, ignore, labelColours } = parseDataset(text, path);
    const ids = trainIds(classes.length, [ignore, IGNORE_LABEL]);
    const colours = new Map(labelColours === undefined ? [] : [["train", labelColours] as const]);
    const match = recognised(classes);
    return {
      ...{ name, classes, palette, ids: new Map([["train", ids]]), colours },
      ...{ subsets: match?.subsets ?? [], source: path, parts: match?.parts ?? null },
    };
  }
  return fromFile(validated(labelSetSchema, text, path, "label set"), path);
}

/** Whether a text is rather a `dataset.json`: its classes are names, or ids with names. */
function isDataset(text: string): boolean {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return false;
  }
  if (typeof content !== "object" || content === null || !("classes" in content)) return false;
  const { classes } = content;
  return !Array.isArray(classes) || classes.every((entry) => typeof entry === "string");
}

function fromFile(file: LabelSetFile, path: string): LabelSet {
  const classes = file.classes.map(({ name }) => name);
  const wrong = (key: string, problem: string) =>
    new Error(`Cannot read the label set ${path}: key "${key}": ${problem}`);
  const repeated = classes.find((name, index) => classes.indexOf(name) !== index);
  if (repeated !== undefined) throw wrong("classes", `found "${repeated}" twice, expected different names`);
  const parts = file.classes.map(({ holds, also }) => ({ holds, also }));
  const allParts = parts.flatMap(({ holds, also }) => [...holds, ...also]);
  const shared = allParts.find((part, index) => allParts.indexOf(part) !== index);
  if (shared !== undefined) throw wrong("classes", `two classes hold "${shared}", expected one at most`);
  /** An encoding: the class of each value. */
  const encoded = <Value>(
    { classes: byName, ignored }: { classes: Record<string, Value[]>; ignored: Value[] },
    numberOf: (value: Value) => number,
    key: string,
  ): Map<number, number> => {
    const result = new Map(ignored.map((value) => [numberOf(value), IGNORE_LABEL]));
    for (const [name, values] of Object.entries(byName)) {
      const id = classes.indexOf(name);
      if (id < 0) throw wrong(key, `there is no class "${name}"`);
      for (const value of values) {
        if (result.has(numberOf(value))) throw wrong(key, `${value} stands there twice`);
        result.set(numberOf(value), id);
      }
    }
    return result;
  };
  const ids = new Map([["train", trainIds(classes.length, [IGNORE_LABEL])]]);
  for (const [name, ofData] of Object.entries(file.ids)) {
    ids.set(name, encoded(ofData, (id) => id, `ids.${name}`));
  }
  const colours = new Map<string, LabelColours>();
  for (const [name, ofData] of Object.entries(file.colours)) {
    colours.set(name, encoded(ofData, (text) => parseInt(text.slice(1), 16), `colours.${name}`));
  }
  const palette = file.classes.map(({ colour }): Colour => {
    const number = parseInt(colour.slice(1), 16);
    return [number >> 16, number >> 8 & 255, number & 255];
  });
  const own = new Map(palette.map((colour, id) => [colourNumber(colour), id]));
  if (own.size === palette.length) colours.set("train", own);
  return { name: file.name, classes, palette, ids, colours, subsets: file.subsets, source: file.source, parts };
}

/** Ids in the order of the classes. */
function trainIds(classes: number, ignored: readonly number[]): RawIds {
  const ids = new Map(ignored.map((id) => [id, IGNORE_LABEL]));
  for (let id = 0; id < classes; id++) ids.set(id, id);
  return ids;
}

/**
 * The table of label files of one byte a pixel that are written in an encoding of the set.
 *
 * @throws {Error} where the set does not know the encoding.
 */
export function rawLabelTable({ name, ids }: Pick<LabelSet, "name" | "ids">, encodingName: string): LabelTable {
  const raw = ids.get(encodingName);
  if (raw === undefined) {
    throw new Error(
      `The label set ${name} does not know the ids of "${encodingName}", only ${[...ids.keys()].join(", ")}`,
    );
  }
  const table = new Int16Array(256).fill(-1);
  for (const [id, target] of raw) {
    if (id < table.length) table[id] = target;
  }
  return table;
}

/**
 * The built-in set whose classes these are, in this order; `undefined` where there is none. Capitals do not count, nor
 * whether words are joined by spaces, hyphens or underscores.
 */
export function recognised(classes: readonly string[]): LabelSet | undefined {
  const plain = (names: readonly string[]) => names.map(plainName).join("\n");
  return labelSetNames.map(labelSet).find((set) => plain(set.classes) === plain(classes));
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]+/g, " ").trim();
}

/**
 * How the classes of one set become those of another, where both are known, else by equal names. A class becomes the one
 * that holds all that it mostly holds: a rider becomes the bicyclist of CamVid, which holds bicycle riders, motorcycle
 * riders and their vehicles; IDD's vehicles become no class of Cityscapes, and are ignored.
 */
export function mapBetween(from: ClassNames, to: ClassNames): ClassMap {
  const [fromParts, toParts] = [partsOf(from), partsOf(to)];
  const names = to.classes.map(plainName);
  const toId = from.classes.map((name, id) => {
    const holds = fromParts?.[id]?.holds;
    if (holds === undefined || toParts === null) {
      const same = names.indexOf(plainName(name));
      return same < 0 ? IGNORE_LABEL : same;
    }
    const holder = toParts.findIndex((parts) => holds.every((part) => [...parts.holds, ...parts.also].includes(part)));
    return holder < 0 ? IGNORE_LABEL : holder;
  });
  return {
    name: `${nameOf(from)} → ${nameOf(to)}`,
    fromClasses: [...from.classes],
    toClasses: [...to.classes],
    toId,
  };
}

function partsOf({ classes, parts }: ClassNames): readonly ClassParts[] | null {
  return parts ?? recognised(classes)?.parts ?? null;
}

function nameOf({ name, classes }: ClassNames): string {
  return recognised(classes)?.name ?? name ?? `${classes.length} classes`;
}

/** Whether a map leads to every class, so that whoever predicts its `fromClasses` can be scored in its `toClasses`. */
export function reachesAll({ toClasses, toId }: ClassMap): boolean {
  return toClasses.every((_, id) => toId.includes(id));
}

/** Whether a map only gives classes other ids. */
export function isOneToOne({ fromClasses, toClasses, toId }: ClassMap): boolean {
  return fromClasses.length === toClasses.length && new Set(toId).size === toId.length && !toId.includes(IGNORE_LABEL);
}
