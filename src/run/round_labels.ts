/**
 * The pseudo-labels in a run's folder: a PNG for each image of a round, with soft labels a file beside it, or a `.label`
 * file for each scan; and the digests by which a run knows them again.
 *
 * @module
 */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { labelTable } from "../data/class_map.ts";
import { defaultPalette } from "../data/dataset.ts";
import type { Colour } from "../data/encode.ts";
import type { FileItem } from "../data/file_item.ts";
import { rawIdsOfClasses, tableOfRawIds } from "../data/scans/write_labels.ts";
import { makeFolder, readFile } from "../disk/files.ts";
import { validated } from "../formats/validation.ts";
import type { MergedLabels } from "../selftraining/precision.ts";
import { jsonText, type LabelSink } from "../selftraining/store.ts";
import { sha256 } from "./file_digest.ts";
import { LabelWriter } from "./label_writer.ts";
import type { StagesFile } from "./stages_file.ts";

/** What the labels of a round mean. */
export interface RoundLabelOptions {
  /** Number of classes. */
  readonly classes: number;
  /** A colour per class. Default: `defaultPalette`. */
  readonly palette?: readonly Colour[] | undefined;
  /** The classes in which labels are judged, where these are others. */
  readonly merge?: MergedLabels | undefined;
  /** The names of the classes, which tell the ids in the label files of scans. Default: they count from 1. */
  readonly names?: readonly string[] | undefined;
}

/** The pseudo-labels of all rounds. */
export class RoundLabels {
  /**
   * @param path the run's folder.
   * @param write writes a file of the run.
   * @param onWritten called when the labels of an image are in their file.
   */
  constructor(
    readonly path: string,
    readonly stages: StagesFile,
    readonly write: (name: string, text: string) => Promise<void>,
    readonly onWritten: (path: string) => void = () => {},
  ) {}

  /** Opens a sink for the pseudo-labels of a round. It writes a file for each image, under the image's name. */
  openSink(
    round: number,
    items: readonly FileItem[],
    { classes, palette = defaultPalette(classes), merge, names }: RoundLabelOptions,
  ): LabelSink {
    const form = formOf(items);
    makeFolder(this.#file(form.folder(round)));
    const paths = items.map((item) => this.#labelPath(round, item));
    const softPaths = items.map(({ name }) => this.#softLabelPath(round, name));
    const rawIds = form === pointForm ? rawIdsOfClasses(classNames(classes, names)) : undefined;
    const writer = new LabelWriter(paths, classes, palette, { merge, softPaths, rawIds, onWritten: this.onWritten });
    let areSoft = false;
    return {
      write: (labels, truth, size, softLabels) => {
        if (softLabels !== undefined && !areSoft) makeFolder(this.#file(softFolder(round)));
        areSoft ||= softLabels !== undefined;
        return writer.write(labels, truth, size, softLabels);
      },
      finish: async () => {
        const shares = await writer.finish();
        const digestsOf = (files: readonly string[]) =>
          jsonText(Object.fromEntries(items.map(({ name }, index) => [name, sha256(readFile(files[index] ?? ""))])));
        await this.write(form.list(round), digestsOf(paths));
        if (areSoft) await this.write(softDigests(round), digestsOf(softPaths));
        return shares;
      },
      [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
    };
  }

  /** The images of a round, with their pseudo-labels as label files. */
  items(
    round: number,
    items: readonly FileItem[],
    { classes, names }: Pick<RoundLabelOptions, "classes" | "names">,
  ): FileItem[] {
    const table = formOf(items) === pointForm ? tableOfRawIds(classNames(classes, names)) : labelTable(classes);
    const areSoft = existsSync(this.#file(softDigests(round)));
    return items.map((item) => ({
      ...item,
      labelPath: this.#labelPath(round, item),
      ...areSoft ? { softLabelPath: this.#softLabelPath(round, item.name) } : {},
      labelTable: table,
      labelsResized: true,
    }));
  }

  /**
   * Makes sure that the pseudo-labels of a round are those that the run wrote.
   *
   * @throws {Error} naming a file that is missing, was changed, or is not of the run.
   */
  requireOwn(round: number): void {
    const form = existsSync(this.#file(pointForm.list(round))) ? pointForm : pixelForm;
    this.#requireListed(form.list(round), form.folder(round), form.ending);
    if (existsSync(this.#file(softDigests(round)))) this.#requireListed(softDigests(round), softFolder(round), ".soft");
  }

  #labelPath(round: number, item: FileItem): string {
    const { folder, ending } = formOf([item]);
    return this.#file(folder(round), `${item.name}${ending}`);
  }

  #softLabelPath(round: number, name: string): string {
    return this.#file(softFolder(round), `${name}.soft`);
  }

  /** Makes sure that a folder holds the files whose digests are listed, and no others with that ending. */
  #requireListed(list: string, folder: string, ending: string): void {
    const path = this.#file(list);
    const text = new TextDecoder().decode(readFile(path));
    const digests = validated(v.record(v.string(), v.string()), text, path, "digests of pseudo-labels");
    for (const [name, digest] of Object.entries(digests)) {
      this.stages.requireFile(join(folder, `${name}${ending}`), digest);
    }
    const known = new Set(Object.keys(digests).map((name) => join(`${name}${ending}`)));
    const there = readdirSync(this.#file(folder), { recursive: true, encoding: "utf8" });
    const foreign = there.find((file) => file.endsWith(ending) && !known.has(file));
    if (foreign === undefined) return;
    throw new Error(`Cannot go on with the run: ${this.#file(folder, foreign)} is not of the run. Remove the file`);
  }

  #file(...names: string[]): string {
    return join(this.path, ...names);
  }
}

/** How the labels of a round are kept. */
interface LabelForm {
  readonly ending: string;
  readonly folder: (round: number) => string;
  /** The file of their digests. */
  readonly list: (round: number) => string;
}

/** Images have a PNG each. */
const pixelForm: LabelForm = {
  ending: ".png",
  folder: (round) => join("rounds", String(round), "pseudo-labels"),
  list: (round) => join("rounds", String(round), "pseudo-labels.json"),
};

/** Scans have a file of a label for each point, in the form of SemanticKITTI. */
const pointForm: LabelForm = {
  ending: ".label",
  folder: (round) => join("rounds", String(round), "labels"),
  list: (round) => join("rounds", String(round), "labels.json"),
};

function formOf(items: readonly FileItem[]): LabelForm {
  return items[0]?.sensor === undefined ? pixelForm : pointForm;
}

/** The names of the classes; without names, as many that no data set has. */
function classNames(classes: number, names: readonly string[] | undefined): readonly string[] {
  return names ?? Array.from({ length: classes }, (_, id) => `class ${id}`);
}

/** Soft pseudo-labels lie beside the hard ones, at the size at which they were computed. */
function softFolder(round: number): string {
  return join("rounds", String(round), "soft-labels");
}

function softDigests(round: number): string {
  return join("rounds", String(round), "soft-labels.json");
}
