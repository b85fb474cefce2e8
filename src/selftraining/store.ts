/**
 * What a run must remember to go on after a stop and end with the same bytes: the results of its stages, a log, a few
 * named results such as the checkpoint and the weights, and the pseudo-labels of each round. One implementation keeps
 * them in a folder, another in memory (`MemoryStore`). Callers use names, never paths.
 *
 * @module
 */

import type { Colour } from "../data/encode.ts";
import type { SampleLabelMap } from "../data/sample.ts";
import type { Size } from "../data/size.ts";
import type { JudgedShares, MergedLabels } from "./precision.ts";
import type { KeptForm } from "./kept.ts";

/** What a run remembers. An `Item` is what the `SampleSource` knows an image by. */
export interface RunStore<Item> {
  /**
   * What the run is known by. A checkpoint holds it, and one of another run is refused. Absent if nothing of another
   * run can get into the store.
   */
  readonly run?: string | undefined;
  /**
   * The result of a stage. If the stage was finished in an earlier start, its kept result; else it is computed now and
   * kept, with all results that were written meanwhile.
   *
   * @param form by which a kept result is checked.
   */
  once<T>(stage: string, form: KeptForm<T>, compute: () => Promise<T>): Promise<T>;
  /**
   * The kept result of a stage; `undefined` if the stage is not finished.
   *
   * @throws {Error} if the result has not the form, because it was damaged.
   */
  kept<T>(stage: string, form: KeptForm<T>): T | undefined;
  /** Keeps a result under a name such as `weights.safetensors`. If writing is interrupted, the old result stays. */
  write(name: string, data: Uint8Array<ArrayBuffer> | string): Promise<void>;
  /** A result that was kept; `null` if there is none. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** How messages name a result: its path if it is a file. */
  describe(name: string): string;
  /** Appends an entry to the log. */
  log(entry: Readonly<Record<string, unknown>>): Promise<void>;
  /** Drops the log's entries of steps that will be done again: those of `stage` from `step` on, and all after them. */
  truncateLog(stage: string, step: number): Promise<void>;
  /**
   * Opens a sink for the pseudo-labels of a round: one label map for each of `items`, in their order.
   *
   * @param palette the colours of the classes, where labels are kept as pictures.
   * @param merge what each class is among those of the images' own labels, which judge the pseudo-labels. Default: the
   * same.
   * @param names the names of the classes, by which labels of scans get the ids of a data set that has these classes.
   */
  openLabels(
    round: number,
    items: readonly Item[],
    classes: number,
    palette?: readonly Colour[],
    merge?: MergedLabels,
    names?: readonly string[],
  ): LabelSink;
  /** The images of a round, with their pseudo-labels in the place of labels; `names` as in `openLabels`. */
  labelledItems(round: number, items: readonly Item[], classes: number, names?: readonly string[]): Item[];
}

/** Where the pseudo-labels of a round go. */
export interface LabelSink extends AsyncDisposable {
  /**
   * Keeps the labels of the next image.
   *
   * @param labels of the image. The sink takes the array over; the caller must not use it again.
   * @param truth labels that the image has of its own, of the same size, to judge the pseudo-labels by; `null` if there
   * are none.
   * @param size the image's own size, to which the labels are brought (the nearest pixel) when they have been judged.
   * Default: they keep theirs.
   * @param softLabels the soft labels that go with them: the words of a `SoftLabelMap` of the labels' size, which they
   * keep. They are taken over too. Default: none.
   */
  write(
    labels: SampleLabelMap,
    truth: Uint8Array<ArrayBuffer> | null,
    size?: Size,
    softLabels?: Uint32Array<ArrayBuffer>,
  ): Promise<void>;
  /**
   * Waits until all labels are kept. Returns how good they are, as far as the images have labels of their own.
   */
  finish(): Promise<JudgedShares>;
}

/** A value as the text of a JSON file. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
