/**
 * Files in memory that behave as a browser's: what was written and not flushed may be lost, in part or as a whole, when the
 * page is closed at any moment.
 *
 * @module
 */

import type { StoreFiles, SyncFile } from "../../src/web/store_files.ts";

/** Thrown by each use of files whose page was closed. */
export class ClosedPage extends Error {}

/** Files of a browser. */
export class MemoryFiles implements StoreFiles {
  #kept = new Map<string, Uint8Array<ArrayBuffer>>();
  #open = new Map<string, Uint8Array<ArrayBuffer>>();
  #actions = 0;
  #isClosed = false;

  /** @param closesAfter how many writes, flushes and removals are done before the page is closed. */
  constructor(kept: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map(), readonly closesAfter = Infinity) {
    this.#kept = new Map(kept);
  }

  /** How many writes, flushes and removals there were. */
  get actions(): number {
    return this.#actions;
  }

  /**
   * What a page finds that is opened afterwards.
   *
   * @param share how much is there of what was written and not flushed.
   */
  reopened(share = 1, closesAfter = Infinity): MemoryFiles {
    const found = [...this.#open].map(([name, bytes]) => {
      const kept = this.#kept.get(name)?.length ?? 0;
      return [name, bytes.slice(0, Math.round(kept + share * (bytes.length - kept)))] as const;
    });
    return new MemoryFiles(new Map([...this.#kept, ...found]), closesAfter);
  }

  /** Opens a file. */
  open(name: string): Promise<SyncFile> {
    this.#require();
    if (this.#open.has(name)) return Promise.reject(new Error(`${name} is open already`));
    const kept = this.#kept.get(name) ?? new Uint8Array(0);
    this.#kept.set(name, kept);
    this.#open.set(name, kept);
    const bytes = () => this.#open.get(name) ?? new Uint8Array(0);
    return Promise.resolve({
      write: (added, { at }) => {
        this.#act();
        const grown = new Uint8Array(Math.max(bytes().length, at + added.length));
        grown.set(bytes());
        grown.set(added, at);
        this.#open.set(name, grown);
        return added.length;
      },
      truncate: (size) => {
        const cut = new Uint8Array(size);
        cut.set(bytes().subarray(0, size));
        this.#open.set(name, cut);
      },
      flush: () => {
        this.#act();
        this.#kept.set(name, bytes());
      },
      close: () => {
        if (this.#isClosed) return;
        this.#kept.set(name, bytes());
        this.#open.delete(name);
      },
    });
  }

  /** The bytes of a file. */
  read(name: string, start = 0, end?: number): Promise<Uint8Array<ArrayBuffer> | null> {
    return Promise.resolve((this.#open.get(name) ?? this.#kept.get(name))?.slice(start, end) ?? null);
  }

  /** Removes a file. */
  remove(name: string): Promise<void> {
    this.#act();
    this.#kept.delete(name);
    return Promise.resolve();
  }

  /** The names of all files. */
  names(): Promise<string[]> {
    return Promise.resolve([...this.#kept.keys()]);
  }

  #act(): void {
    this.#require();
    this.#actions++;
    this.#isClosed = this.#actions > this.closesAfter;
    this.#require();
  }

  #require(): void {
    if (this.#isClosed) throw new ClosedPage("the page was closed");
  }
}
