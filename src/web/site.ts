/**
 * What a page that `crosswalk export` wrote knows of its network: the file `site.json` beside the page. The program writes
 * it, the page and its Workers read it.
 *
 * @module
 */

import * as v from "valibot";
import { validated } from "../formats/validation.ts";

const wholeNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const side = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const byte = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));
const colour = v.strictTuple([byte, byte, byte]);
/** A file beside the page: a name without a folder, so that nothing else can be meant. */
const fileName = v.pipe(
  v.string(),
  v.check((name) => /^[\w-][\w.-]*$/.test(name), "expected the name of a file beside the page"),
);

const weightFileSchema = v.object({
  file: fileName,
  bytes: wholeNumber,
  sha256: v.pipe(v.string(), v.check((text) => /^[0-9a-f]{64}$/.test(text), "expected 64 hexadecimal digits")),
});

const siteSchema = v.object({
  version: v.string(),
  title: v.string(),
  model: v.string(),
  variant: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
  classes: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(255)),
  palette: v.array(colour),
  size: v.nullable(v.object({ height: side, width: side })),
  weights: v.object({ adapted: v.optional(weightFileSchema), source: v.optional(weightFileSchema) }),
  labelSet: v.optional(v.object({
    name: v.string(),
    classes: v.array(v.string()),
    palette: v.array(colour),
    toId: v.array(byte),
  })),
  studio: v.optional(v.object({
    recipe: v.record(v.string(), v.unknown()),
    source: v.optional(fileName),
  })),
});

/** A weight file beside the page. */
export interface SiteWeights {
  /** Its name. */
  readonly file: string;
  /** Its bytes, so that progress can be told before all are there. */
  readonly bytes: number;
  /** Its digest, in hexadecimal: by this the browser keeps it. */
  readonly sha256: string;
}

/** Which of the networks: the one that was given, or the one before it was adapted. */
export type NetworkName = "adapted" | "source";

/** The contents of `site.json`. */
export interface Site {
  /** Version of the program that wrote it. */
  readonly version: string;
  /** Title of the page. */
  readonly title: string;
  /** Name of the network. */
  readonly model: string;
  /** How the network differs from the plain one of its name. */
  readonly variant: Readonly<Record<string, string | number | boolean>>;
  /** The network's classes, in id order. */
  readonly classes: readonly string[];
  /** A colour for each class. */
  readonly palette: readonly (readonly [number, number, number])[];
  /** Working size in training; images are shown to the network with its short side. `null`: at their own size. */
  readonly size: { readonly height: number; readonly width: number } | null;
  /** The weights; a page that only adapts may begin with none. */
  readonly weights: { readonly adapted?: SiteWeights | undefined; readonly source?: SiteWeights | undefined };
  /** The classes into which the network's are merged for its labels. Absent: they are not merged. */
  readonly labelSet?: {
    /** Name of the label set. */
    readonly name: string;
    /** Its classes. */
    readonly classes: readonly string[];
    /** A colour for each of them. */
    readonly palette: readonly (readonly [number, number, number])[];
    /** For each class of the network the one that it becomes; 255: none. */
    readonly toId: readonly number[];
  } | undefined;
  /** What the page for adaptation begins with. Absent: there is no such page. */
  readonly studio?: {
    /** Values of options, as a recipe holds them. */
    readonly recipe: Readonly<Record<string, unknown>>;
    /** The packed source set. Absent: the built-in source town. */
    readonly source?: string | undefined;
  } | undefined;
}

/** Name of the file. */
export const siteFile = "site.json";

/**
 * Reads a `site.json`.
 *
 * @param source where the text comes from, for messages.
 * @throws {Error} naming the place in the file that is not as it must be.
 */
export function readSite(text: string, source: string): Site {
  const site: Site = validated(siteSchema, text, source, "site description");
  for (const { what, classes, palette } of classLists(site)) {
    if (palette.length !== classes.length) {
      throw new Error(
        `Cannot use ${source}: ${what} has ${classes.length} classes and ${palette.length} colours. ` +
          "Write the page anew with crosswalk export",
      );
    }
  }
  return site;
}

function classLists({ classes, palette, labelSet }: Site) {
  const own = { what: "its network", classes, palette };
  return labelSet === undefined ? [own] : [own, { what: `the label set ${labelSet.name}`, ...labelSet }];
}

/** The classes of the labels that the page shows, with their colours. */
export function shownClasses({ classes, palette, labelSet }: Site): Pick<Site, "classes" | "palette"> {
  return labelSet ?? { classes, palette };
}
