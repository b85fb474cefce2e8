/**
 * What a data set is: its classes with their colours, what the ids of its label files mean, and its splits. The text of
 * a `dataset.json` is read here; folders are listed elsewhere (`folder.ts`).
 *
 * @module
 */

import * as v from "valibot";
import {
  classDifference,
  type ClassMap,
  idTable,
  IGNORE_LABEL,
  type LabelColours,
  labelTable,
  sameClasses,
} from "./class_map.ts";
import { type Colour, colourNumber, colourText } from "./encode.ts";
import type { LabelRules } from "./labels.ts";
import type { FileItem } from "./file_item.ts";
import type { LayoutName } from "./layouts/names.ts";
import { ReasonedError } from "../errors.ts";
import { strictJson } from "../formats/commented_json.ts";
import { validated } from "../formats/validation.ts";

/** The images of a split in byte order of their names; never empty. */
export interface Split {
  /** The folder's name, such as `train`. */
  name: string;
  /** Its images. */
  items: FileItem[];
  /** Sentences on what was found in its folders and is not used. */
  notices: string[];
}

/** The classes of a data set. */
export interface DatasetClasses {
  /** The name in `dataset.json`. */
  name: string;
  /** Class names in id order, after the class map where one applied. */
  classes: string[];
  /** A colour per class, after the class map where one applied. */
  palette: Colour[];
}

/** An opened data set. */
export interface Dataset extends DatasetClasses {
  /** The folder, or the file of a list. */
  path: string;
  /** How its files lie. */
  layout: LayoutName;
  /** The split of that name; throws where there is none or it has no image. */
  split(name: string): Split;
  /** The names of all splits. */
  splitNames(): string[];
  /** Where the label file of an image of a split belongs. */
  labelPath(split: string, imageName: string): string;
}

/** What a data set says of itself, before any class map. */
export interface DatasetDescription extends DatasetClasses {
  /** The id of ignored pixels in its label files. */
  ignore: number;
  /** What colours in label files stand for; absent where it has no palette of its own. */
  labelColours?: LabelColours;
  /**
   * What the label files of an official data set hold, where their ids are not those of the classes. It may have label
   * files of several kinds; the layout says of each file which one it is. Default: the ids of the classes.
   */
  encodings?: Readonly<Record<string, LabelEncoding>>;
}

/** What the label files of one kind hold. */
export interface LabelEncoding {
  /** The class of each id that may occur, {@link IGNORE_LABEL} for ignored pixels. */
  readonly ids: ReadonlyMap<number, number>;
  /** The ids of colours, for label files in colour. */
  readonly colours?: LabelColours;
  /** Whether the red channel of a file in colour holds the ids. Default `false`. */
  readonly idsInRed?: boolean;
}

/** What the label files of a data set become: those that hold the ids of its classes, and those of each other kind. */
export interface RulesOfKinds {
  readonly rules: LabelRules;
  readonly encodings: Readonly<Record<string, LabelRules>>;
}

const byte = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));
const colour = v.pipe(
  v.unknown(),
  v.transform(hexColour),
  v.check(Array.isArray, foundText('a colour, such as [128, 64, 128] or "#804080"')),
  v.strictTuple([byte, byte, byte]),
);
const className = v.pipe(v.string(), v.nonEmpty());
const datasetSchema = v.looseObject({
  name: v.pipe(v.string(), v.nonEmpty()),
  classes: v.pipe(
    v.unknown(),
    v.transform(classList),
    v.check(
      Array.isArray,
      foundText(
        'the names in the order of their ids, ["road", "car"], or an object from all ids to names, ' +
          '{"0": "road", "1": "car"}',
      ),
    ),
    v.array(className),
    v.minLength(1),
    v.maxLength(255),
  ),
  palette: v.optional(v.array(colour)),
  ignore: v.optional(byte, IGNORE_LABEL),
  ignore_palette: v.optional(v.array(colour), []),
});

/** What is said of a value that is not what is expected. */
function foundText(expected: string): (issue: { readonly received: string }) => string {
  return ({ received }) => `found ${received.slice(0, 80)}, expected ${expected}`;
}

/** A colour such as `#804080` or `#fff` as three bytes; anything else as it is. */
function hexColour(value: unknown): unknown {
  const digits = typeof value === "string" ? /^#?([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(value.trim())?.[1] : undefined;
  if (digits === undefined) return value;
  const each = digits.length / 3;
  return [0, 1, 2].map((part) => {
    const found = digits.slice(part * each, (part + 1) * each);
    return parseInt(each === 1 ? found + found : found, 16);
  });
}

/** An object from ids to names, `{"0": "road", "1": "car"}`, as a list in id order; anything else as it is. */
function classList(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  const names: unknown[] = new Array(entries.length);
  for (const [key, name] of entries) {
    const isId = /^(0|[1-9]\d{0,2})$/.test(key) && Number(key) < entries.length;
    if (!isId) return value;
    names[Number(key)] = name;
  }
  return names;
}

/**
 * Checks the text of a `dataset.json`; `path` appears in messages.
 *
 * @throws {Error} where it is not JSON, or a key is missing or wrong.
 */
export function parseDataset(text: string, path: string): DatasetDescription {
  const file = validated(datasetSchema, strictJson(text), path, "data set");
  if (file.palette !== undefined && file.palette.length !== file.classes.length) {
    throw new Error(
      `Cannot read the data set ${path}: key "palette": found ${file.palette.length} colours, ` +
        `expected one for each of the ${file.classes.length} classes`,
    );
  }
  const repeated = file.classes.find((name, index) => file.classes.indexOf(name) !== index);
  if (repeated !== undefined) {
    throw new Error(
      `Cannot read the data set ${path}: key "classes": found "${repeated}" twice, expected different names`,
    );
  }
  const { name, classes, palette, ignore, ignore_palette: ignored } = file;
  const own = palette === undefined ? {} : { labelColours: labelColours(palette, ignored, ignore, classes, path) };
  return { name, classes, palette: palette ?? defaultPalette(classes.length), ignore, ...own };
}

/**
 * The ids that colours stand for.
 *
 * @throws {Error} where a colour stands for a class and for ignored pixels. Two classes may share a colour, as long as
 * no label file is in colour: neither of them is found in it then.
 */
function labelColours(
  palette: readonly Colour[],
  ignored: readonly Colour[],
  ignore: number,
  classes: readonly string[],
  path: string,
): LabelColours {
  const colours = new Map<number, number>();
  const shared = new Set<number>();
  for (const [id, colour] of palette.entries()) {
    const number = colourNumber(colour);
    if (colours.has(number)) shared.add(number);
    colours.set(number, id);
  }
  for (const number of shared) colours.delete(number);
  for (const colour of ignored) {
    const id = palette.findIndex((other) => colourNumber(other) === colourNumber(colour));
    if (id >= 0 && id !== ignore) {
      throw new Error(
        `Cannot read the data set ${path}: key "ignore_palette": ${
          colourText(colourNumber(colour))
        } is the colour of ` +
          `the class "${classes[id]}", expected colours that stand for no class`,
      );
    }
    colours.set(colourNumber(colour), ignore);
  }
  return colours;
}

/**
 * The classes of a data set and what the ids of its label files become.
 *
 * A `classMap` is applied if the classes equal its `from_classes`. Otherwise it is not used. {@link requireClasses}
 * checks afterwards whether the classes fit the network.
 */
export function mappedClasses(
  { name, classes, palette, ignore, labelColours, encodings: kinds = {} }: DatasetDescription,
  classMap?: ClassMap,
): DatasetClasses & RulesOfKinds {
  const applied = classMap !== undefined && sameClasses(classes, classMap.fromClasses) ? classMap : undefined;
  const rules = { labelTable: labelTable(classes.length, ignore, applied), labelColours };
  const encodings = Object.fromEntries(
    Object.entries(kinds).map(([kind, { ids, colours, idsInRed }]) =>
      [kind, { labelTable: idTable(ids, applied), labelColours: colours, idsInRed }] as const
    ),
  );
  if (applied === undefined) return { name, classes, palette, rules, encodings };
  return { name, classes: applied.toClasses, palette: mappedPalette(palette, applied), rules, encodings };
}

/**
 * Makes sure that the classes of a data set are those of the network, in the same order.
 *
 * @throws {Error} naming the first difference and, where a class map was given that did not apply, why.
 */
export function requireClasses(dataset: Dataset, networkClasses: readonly string[], classMap?: ClassMap): void {
  const difference = classDifference(dataset.classes, networkClasses);
  if (difference === null) return;
  const message = `The classes of the data set ${dataset.path} are not the network's: ${difference}`;
  if (classMap === undefined) throw new ReasonedError(message, "no class map");
  const unused = classDifference(dataset.classes, classMap.fromClasses);
  const why = unused === null || sameClasses(dataset.classes, classMap.toClasses)
    ? "The class map leads to other classes than the network's"
    : `The class map does not apply to it (${unused} in from_classes)`;
  throw new ReasonedError(`${message}. ${why}`);
}

/**
 * The images of a split that have labels, as training and scoring on it need them. How many are left out stands in the
 * notices.
 *
 * @throws {Error} where no image has any.
 */
export function labelledPart(split: Split, dataset: Dataset): Split {
  const items = split.items.filter((item) => item.labelPath !== null);
  const [first] = split.items;
  const without = split.items.length - items.length;
  if (without === 0) return split;
  if (items.length > 0) {
    const notice = `The split "${split.name}" of ${dataset.path} has labels for ${items.length} of ` +
      `${split.items.length} images: ${without === 1 ? "the other one is" : `the other ${without} are`} left out`;
    return { ...split, items, notices: [...split.notices, notice] };
  }
  throw new Error(
    `The split "${split.name}" of ${dataset.path} lacks labels for all ${split.items.length} images` +
      (first === undefined
        ? ""
        : `, expected ${dataset.labelPath(split.name, first.name)} for ${fileName(first.imagePath)}`),
  );
}

/**
 * A palette for a data set that has none: a colour for each of `classCount` classes. They are the bit-reversed colours
 * of PASCAL VOC, without black.
 */
export function defaultPalette(classCount: number): Colour[] {
  return Array.from({ length: classCount }, (_, index) => {
    const colour: [number, number, number] = [0, 0, 0];
    for (let bit = 0; bit < 8; bit++) {
      const three = ((index + 1) >> (3 * bit)) & 7;
      colour[0] |= (three & 1) << (7 - bit);
      colour[1] |= ((three >> 1) & 1) << (7 - bit);
      colour[2] |= ((three >> 2) & 1) << (7 - bit);
    }
    return colour;
  });
}

/** The palette after a class map. A class of the map takes the colour of the first class that becomes it. */
function mappedPalette(palette: Colour[], classMap: ClassMap): Colour[] {
  const fallback = defaultPalette(classMap.toClasses.length);
  return classMap.toClasses.map((_, toId) => palette[classMap.toId.indexOf(toId)] ?? fallback[toId] ?? [0, 0, 0]);
}

/** What stands behind the last slash or backslash of a path. */
function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}
