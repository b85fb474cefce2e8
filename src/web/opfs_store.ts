/**
 * A run's store in a browser's own files, so that a page can be closed in mid-run and go on with the same bytes.
 *
 * A journal says what holds: each line is a finished stage, names the file that now holds a result, or is an entry of the
 * log. A result is written to a new file first and then named in the journal, so that it is there as a whole or not at
 * all. A line has a checksum, and what a crash left of the last line does not count. What was logged after the last stage
 * or result does not count either: it belongs to work that is done again.
 *
 * @module
 */

import { resizeLabelMap } from "../data/sample.ts";
import type { Colour } from "../data/encode.ts";
import { errorText } from "../errors.ts";
import { hashText } from "../random.ts";
import type { KeptForm } from "../selftraining/kept.ts";
import { judgeLabels, type MergedLabels, Precision } from "../selftraining/precision.ts";
import type { LabelSink, RunStore } from "../selftraining/store.ts";
import { type StoreFiles, type SyncFile, writeAll } from "./store_files.ts";
import type { StoredImage, StoredItem } from "./stored_samples.ts";

const journalName = "journal";

/** Pseudo-labels of an image, and where they lie in their round's file. */
interface LabelPlace {
  readonly height: number;
  readonly width: number;
  readonly start: number;
  /** Size of the soft labels behind them; absent where there are none. */
  readonly soft?: readonly [height: number, width: number];
}

/** An entry of the log. */
type LogEntry = Readonly<Record<string, unknown>>;

/** A line of the journal. */
type Line =
  | { readonly log: LogEntry }
  /** The log is cut off behind so many entries. */
  | { readonly cut: number }
  | { readonly run: string }
  | { readonly stage: string; readonly result?: unknown }
  | { readonly name: string; readonly file: string; readonly bytes: number }
  | { readonly round: number; readonly file: string; readonly places: readonly LabelPlace[] };

/** What is told while a store is used. */
export interface StoreListener {
  /** An entry of the log was written. */
  readonly onEntry?: (entry: LogEntry) => void;
  /** A stage has a result: one that was kept, or a new one. */
  readonly onStage?: (stage: string, result: unknown) => void;
  /** An image got its pseudo-labels. */
  readonly onLabels?: (round: number, index: number, item: StoredItem, labels: Uint8Array<ArrayBuffer>) => void;
}

/** Keeps a run in files. Open it with {@link OpfsStore.open}, close it when done. */
export class OpfsStore implements RunStore<StoredItem> {
  /** Told what happens. */
  listener: StoreListener = {};
  readonly #stages = new Map<string, unknown>();
  readonly #results = new Map<string, { readonly file: string; readonly bytes: number }>();
  readonly #labels = new Map<number, { readonly file: string; readonly places: readonly LabelPlace[] }>();
  #run: string | undefined;
  #entries: LogEntry[] = [];
  /** Bytes of the journal. */
  #end = 0;
  #nextFile = 0;

  private constructor(readonly files: StoreFiles, readonly journal: SyncFile) {}

  /**
   * Opens the store in these files, with the run that they hold, if there is one. It is locked until it is closed.
   *
   * @throws {Error} if something else has it open, or a file is missing.
   */
  static async open(files: StoreFiles): Promise<OpfsStore> {
    const store = new OpfsStore(files, await files.open(journalName));
    try {
      await store.#restore();
      return store;
    } catch (error) {
      store.close();
      throw error;
    }
  }

  async #restore(): Promise<void> {
    const text = new TextDecoder().decode((await this.files.read(journalName)) ?? new Uint8Array(0));
    let waiting: Line[] = [];
    let end = 0;
    for (const written of text.split(/(?<=\n)/)) {
      const line = lineOf(written);
      if (line === null) break;
      end += bytesOf(written).length;
      waiting.push(line);
      if ("log" in line || "cut" in line) continue;
      for (const one of waiting) this.#apply(one);
      waiting = [];
      this.#end = end;
    }
    this.journal.truncate(this.#end);
    const known = new Set([...this.#results.values(), ...this.#labels.values()].map(({ file }) => file));
    for (const name of await this.files.names()) {
      if (name === journalName) continue;
      this.#nextFile = Math.max(this.#nextFile, (Number(name) || 0) + 1);
      if (!known.has(name)) await this.files.remove(name);
    }
  }

  #apply(line: Line): void {
    if ("log" in line) this.#entries.push(line.log);
    else if ("cut" in line) this.#entries.length = line.cut;
    else if ("run" in line) this.#run = line.run;
    else if ("stage" in line) this.#stages.set(line.stage, line.result);
    else if ("name" in line) this.#results.set(line.name, line);
    else this.#labels.set(line.round, line);
  }

  #append(line: Line, what: string): void {
    const bytes = bytesOf(textOf(line));
    storing(what, () => writeAll(this.journal, bytes, this.#end));
    this.#end += bytes.length;
    this.#apply(line);
  }

  /** Writes a line that holds from now on, with all that was logged before. */
  #commit(line: Line, what: string): void {
    this.#append(line, what);
    storing(what, () => this.journal.flush());
  }

  /** Begins a run with this id. */
  begin(run: string): void {
    this.#commit({ run }, "the run");
  }

  /** What the run is known by; `undefined` before it has begun. */
  get run(): string | undefined {
    return this.#run;
  }

  /** The results of the finished stages, by their names. */
  get stages(): ReadonlyMap<string, unknown> {
    return this.#stages;
  }

  /** The last round that has pseudo-labels; `null` where there is none. */
  get lastLabelledRound(): number | null {
    return this.#labels.size === 0 ? null : Math.max(...this.#labels.keys());
  }

  /** The log. */
  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /** The result of a stage, kept or computed now. */
  async once<T>(stage: string, form: KeptForm<T>, compute: () => Promise<T>): Promise<T> {
    if (!this.#stages.has(stage)) {
      const result = await compute();
      this.#commit({ stage, result }, stage);
    }
    const result = this.#stages.get(stage);
    this.listener.onStage?.(stage, result);
    return form(result);
  }

  /** The kept result of a stage, or `undefined`. */
  kept<T>(stage: string, form: KeptForm<T>): T | undefined {
    return this.#stages.has(stage) ? form(this.#stages.get(stage)) : undefined;
  }

  /** Keeps a result, as a whole or not at all. */
  async write(name: string, data: Uint8Array<ArrayBuffer> | string): Promise<void> {
    const bytes = typeof data === "string" ? bytesOf(data) : data;
    const old = this.#results.get(name);
    const file = String(this.#nextFile++);
    const opened = await this.files.open(file);
    try {
      storing(name, () => {
        opened.truncate(0);
        writeAll(opened, bytes, 0);
        opened.flush();
      });
    } finally {
      opened.close();
    }
    this.#commit({ name, file, bytes: bytes.length }, name);
    if (old !== undefined) await this.files.remove(old.file);
  }

  /** A result that was kept, or `null`. */
  async read(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const found = this.#results.get(name);
    if (found === undefined) return null;
    return requireWhole(await this.files.read(found.file), found.bytes, this.describe(name));
  }

  /** The name, and where it is kept. */
  describe(name: string): string {
    return `${name} in the browser's files`;
  }

  /** Appends an entry to the log. */
  log(entry: LogEntry): Promise<void> {
    this.#append({ log: entry }, "the log");
    this.listener.onEntry?.(entry);
    return Promise.resolve();
  }

  /** Drops entries of steps that will be done again. */
  truncateLog(stage: string, step: number): Promise<void> {
    const cut = this.#entries.findIndex((entry) => entry.stage === stage && Number(entry.step) >= step);
    if (cut >= 0) this.#append({ cut }, "the log");
    return Promise.resolve();
  }

  /** Begins to keep the pseudo-labels of a round: all of them in one file. */
  openLabels(
    round: number,
    items: readonly StoredItem[],
    classes: number,
    _palette?: readonly Colour[],
    merge?: MergedLabels,
  ): LabelSink {
    const file = String(this.#nextFile++);
    const opening = this.files.open(file);
    // What is wrong with it is said when the first labels are written, which may be much later.
    opening.catch(() => {});
    const places: LabelPlace[] = [];
    const precision = new Precision(merge?.toClasses.length ?? classes);
    let end = 0;
    return {
      write: async (map, truth, size = map, words = undefined) => {
        const opened = await opening;
        const { labels, height, width } = resizeLabelMap(map, size);
        places.push({ height, width, start: end, ...words === undefined ? {} : { soft: [map.height, map.width] } });
        for (const bytes of [labels, ...words === undefined ? [] : [new Uint8Array(words.buffer)]]) {
          storing("pseudo-labels", () => writeAll(opened, bytes, end));
          end += bytes.length;
        }
        if (truth !== null) precision.add(judgeLabels(map.labels, truth, classes, merge));
        const index = places.length - 1;
        const item = items[index];
        if (item !== undefined) this.listener.onLabels?.(round, index, item, labels);
      },
      finish: async () => {
        if (places.length !== items.length) {
          throw new Error(`${places.length} of ${items.length} images of round ${round} were labelled`);
        }
        const opened = await opening;
        storing("pseudo-labels", () => opened.flush());
        this.#commit({ round, file, places }, "pseudo-labels");
        return precision.shares();
      },
      [Symbol.asyncDispose]: async () => (await opening).close(),
    };
  }

  /** The images with their pseudo-labels of a round. */
  labelledItems(round: number, items: readonly StoredItem[]): StoredItem[] {
    const kept = this.#labels.get(round);
    return items.map((item, index) => {
      const place = kept?.places[index];
      if (kept === undefined || place === undefined) {
        throw new Error(`There are no pseudo-labels of ${item.name} in round ${round}`);
      }
      const read = async (): Promise<StoredImage> => {
        const { image } = await item.read();
        return { image, ...await this.#readLabels(kept.file, place, item.name) };
      };
      return { name: item.name, hasLabels: true, read };
    });
  }

  async #readLabels(
    file: string,
    { height, width, start, soft }: LabelPlace,
    name: string,
  ): Promise<Pick<StoredImage, "labels" | "softLabels">> {
    const pixels = height * width;
    const [softHeight, softWidth] = soft ?? [0, 0];
    const length = pixels + 12 * softHeight * softWidth;
    const bytes = requireWhole(
      await this.files.read(file, start, start + length),
      length,
      `the pseudo-labels of ${name} in the browser's files`,
    );
    const labels = { height, width, labels: bytes.slice(0, pixels) };
    if (soft === undefined) return { labels };
    const words = new Uint32Array(bytes.slice(pixels).buffer);
    return { labels, softLabels: { height: softHeight, width: softWidth, words } };
  }

  /** Lets others open the store. */
  close(): void {
    this.journal.close();
  }
}

/**
 * Removes everything that a store kept, also where it is damaged.
 *
 * @throws {Error} if something has the store open.
 */
export async function removeStore(files: StoreFiles): Promise<void> {
  const journal = await files.open(journalName);
  // Without it, nothing that is left counts.
  journal.truncate(0);
  journal.flush();
  journal.close();
  for (const name of await files.names()) await files.remove(name);
}

/** A line as it is written. */
function textOf(line: Line): string {
  const text = JSON.stringify(line);
  return `${hashText(text).toString(16).padStart(8, "0")} ${text}\n`;
}

/** What a line says; `null` if it is not whole. */
function lineOf(written: string): Line | null {
  const [, hash = "", text = ""] = /^([0-9a-f]{8}) (.*)\n$/.exec(written) ?? [];
  return text === "" || hashText(text) !== Number.parseInt(hash, 16) ? null : JSON.parse(text);
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function requireWhole(bytes: Uint8Array<ArrayBuffer> | null, length: number, what: string): Uint8Array<ArrayBuffer> {
  if (bytes?.length === length) return bytes;
  throw new Error(`Cannot go on with the run: ${what} is missing. Discard the run, and start it anew`);
}

/** Writes, and says what could not be stored. */
function storing(what: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new Error(
      `Cannot store ${what}: ${errorText(error)}. Give the browser more room, then go on with the run`,
    );
  }
}
