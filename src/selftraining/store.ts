/**
 * What a run must remember, so that it can go on after a stop and end with the same bytes: the results of its stages, a
 * log, a few named results such as the checkpoint and the weights, and the pseudo-labels of each round. A folder is one
 * place for it, memory another (`MemoryStore`). Callers see names, never paths.
 *
 * @module
 */

import type { SampleLabelMap } from "../data/sample.ts";

/** The memory of a run. `Item` is what names an image to the source of its samples. */
export interface RunStore<Item> {
  /** The result of a stage: of an earlier start if it was finished there, else computed now and kept. */
  once<T>(stage: string, compute: () => Promise<T>): Promise<T>;
  /** Keeps a result under a name such as `weights.safetensors`; an interrupted write leaves the old one. */
  write(name: string, data: Uint8Array<ArrayBuffer> | string): Promise<void>;
  /** A result that was kept; `null` where there is none. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** What messages call a result: its path where it is a file. */
  describe(name: string): string;
  /** Appends an entry to the log. */
  log(entry: Readonly<Record<string, unknown>>): Promise<void>;
  /** Drops the log's entries of steps that will be done again: those of `stage` from `step` on, and all after them. */
  truncateLog(stage: string, step: number): Promise<void>;
  /** Begins to keep the pseudo-labels of a round, one label map for each of `items`, in their order. */
  openLabels(round: number, items: readonly Item[], classes: number): LabelSink;
  /** The images with their pseudo-labels of a round as their labels. */
  labelledItems(round: number, items: readonly Item[], classes: number): Item[];
}

/** Where the pseudo-labels of a round go. */
export interface LabelSink extends AsyncDisposable {
  /**
   * Keeps the labels of the next image.
   *
   * @param labels of the image; taken away from the caller.
   * @param truth labels of its own that the image has, of the same size, to judge the pseudo-labels by; `null` where unknown.
   */
  write(labels: SampleLabelMap, truth: Uint8Array<ArrayBuffer> | null): Promise<void>;
  /** Waits until all labels are kept. Returns, of each class, the share of its labels that are right; `null` where unknown. */
  finish(): Promise<(number | null)[]>;
}

/** A value as the text of a JSON file. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
