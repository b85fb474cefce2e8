/**
 * A run's store in the program's memory, for browsers, for tests, and wherever nothing is to be written to a disk. It
 * lasts as long as the object. A run that was stopped goes on when it is started again with the same object.
 *
 * @module
 */

import type { Colour } from "../data/encode.ts";
import type { MemoryItem } from "../data/memory_samples.ts";
import { resizeLabelMap } from "../data/sample.ts";
import type { KeptForm } from "./kept.ts";
import { judgeLabels, type MergedLabels, Precision } from "./precision.ts";
import type { LabelSink, RunStore } from "./store.ts";

/** Keeps everything in memory. */
export class MemoryStore implements RunStore<MemoryItem> {
  readonly #stages = new Map<string, unknown>();
  readonly #results = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #labels = new Map<number, readonly Pick<MemoryItem, "labels" | "softLabels">[]>();
  #entries: Readonly<Record<string, unknown>>[] = [];

  /** The log. */
  get entries(): readonly Readonly<Record<string, unknown>>[] {
    return this.#entries;
  }

  /** The result of a stage, kept or computed now. */
  async once<T>(stage: string, form: KeptForm<T>, compute: () => Promise<T>): Promise<T> {
    if (this.#stages.has(stage)) return form(this.#stages.get(stage));
    const result = await compute();
    this.#stages.set(stage, result);
    return result;
  }

  /** The kept result of a stage, or `undefined`. */
  kept<T>(stage: string, form: KeptForm<T>): T | undefined {
    return this.#stages.has(stage) ? form(this.#stages.get(stage)) : undefined;
  }

  /** Keeps a result. */
  write(name: string, data: Uint8Array<ArrayBuffer> | string): Promise<void> {
    this.#results.set(name, typeof data === "string" ? new TextEncoder().encode(data) : data);
    return Promise.resolve();
  }

  /** A result that was kept, or `null`. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
    return Promise.resolve(this.#results.get(name) ?? null);
  }

  /** The name itself. */
  describe(name: string): string {
    return name;
  }

  /** Appends an entry to the log. */
  log(entry: Readonly<Record<string, unknown>>): Promise<void> {
    this.#entries.push(entry);
    return Promise.resolve();
  }

  /** Drops entries of steps that will be done again. */
  truncateLog(stage: string, step: number): Promise<void> {
    const first = this.#entries.findIndex((entry) => entry.stage === stage && Number(entry.step) >= step);
    if (first >= 0) this.#entries = this.#entries.slice(0, first);
    return Promise.resolve();
  }

  /** Begins to keep the pseudo-labels of a round. */
  openLabels(
    round: number,
    items: readonly MemoryItem[],
    classes: number,
    _palette?: readonly Colour[],
    merge?: MergedLabels,
  ): LabelSink {
    const kept: Pick<MemoryItem, "labels" | "softLabels">[] = [];
    const precision = new Precision(merge?.toClasses.length ?? classes);
    return {
      write: (map, truth, size = map, words = undefined) => {
        const { height, width } = map;
        const soft = words === undefined ? {} : { softLabels: { height, width, words } };
        kept.push({ labels: resizeLabelMap(map, size), ...soft });
        if (truth !== null) precision.add(judgeLabels(map.labels, truth, classes, merge));
        return Promise.resolve();
      },
      finish: () => {
        if (kept.length !== items.length) {
          return Promise.reject(new Error(`${kept.length} of ${items.length} images of round ${round} were labelled`));
        }
        this.#labels.set(round, kept);
        return Promise.resolve(precision.shares());
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  /** The images with their pseudo-labels of a round. */
  labelledItems(round: number, items: readonly MemoryItem[]): MemoryItem[] {
    const kept = this.#labels.get(round);
    return items.map((item, index) => {
      const labels = kept?.[index];
      if (labels === undefined) throw new Error(`There are no pseudo-labels of ${item.name} in round ${round}`);
      return { ...item, ...labels };
    });
  }
}
