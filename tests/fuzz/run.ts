/**
 * Reads many mutants of a format in a Worker, and watches each: it must end in a result or a sentence, within 2 s and
 * 512 MB, or the bounds of its format.
 *
 * @module
 */

import { setTimeout as delay } from "node:timers/promises";

/** What a Worker is to do: read the mutants from `first` to `end` − 1. */
export interface Order {
  readonly format: string;
  readonly seed: number;
  readonly first: number;
  readonly end: number;
  /** The module whose `formats` hold the format. */
  readonly module: string;
  /** Shared: the mutant at hand, and 1 while it is read. */
  readonly place: Int32Array;
}

/** What a Worker says. */
export type Report =
  | { readonly kind: "ready" | "end" }
  | { readonly kind: "fault"; readonly index: number; readonly fault: string };

/** A mutant that was answered badly. */
export interface Fault {
  readonly format: string;
  readonly index: number;
  readonly fault: string;
}

/** Bounds of a mutant. */
export interface Bounds {
  readonly milliseconds: number;
  readonly bytes: number;
}

/** 2 s and 512 MiB. */
export const defaultBounds: Bounds = { milliseconds: 2000, bytes: 512 * 2 ** 20 };
/** How often the Worker is looked at, in milliseconds. */
const interval = 5;

/**
 * Reads the mutants 0 to `count` − 1 of a format. Returns those that were answered badly.
 *
 * @param options `module`: where the format is found; default `formats.ts`. `bounds`: default {@link defaultBounds}.
 */
export async function fuzz(
  format: string,
  seed: number,
  count: number,
  options: { readonly module?: string; readonly bounds?: Bounds } = {},
): Promise<Fault[]> {
  const { module = new URL("./formats.ts", import.meta.url).href, bounds = defaultBounds } = options;
  const faults: Fault[] = [];
  for (let first = 0; first < count;) {
    const { reached, cost } = await readRange({ format, module, seed, first, end: count }, bounds, faults);
    if (cost === null) return faults;
    // What took too long or too much is read once more by itself: another program, or what earlier mutants left behind,
    // may have been the reason.
    const alone = await readRange({ format, module, seed, first: reached, end: reached + 1 }, bounds, []);
    if (alone.cost !== null) faults.push({ format, index: reached, fault: alone.cost });
    first = reached + 1;
  }
  return faults;
}

/** How far a range was read, and what the mutant there cost if it cost too much. */
interface Reached {
  readonly reached: number;
  readonly cost: string | null;
}

async function readRange(order: Omit<Order, "place">, bounds: Bounds, faults: Fault[]): Promise<Reached> {
  const place = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  let state: "starting" | "reading" | "done" = "starting";
  let failure: Error | null = null;
  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    if (data.kind === "fault") faults.push({ format: order.format, index: data.index, fault: data.fault });
    else state = data.kind === "ready" ? "reading" : "done";
  };
  worker.onerror = (event) => {
    event.preventDefault();
    failure = new Error(`Fuzzing ${order.format} failed: ${event.message}`);
  };
  worker.postMessage({ ...order, place });
  let base = 0;
  let index = -1;
  let since = 0;
  try {
    for (;;) {
      await delay(interval);
      if (failure !== null) throw failure;
      if (isDone()) return { reached: order.end, cost: null };
      if (state === "starting") continue;
      const { rss } = Deno.memoryUsage();
      if (base === 0) base = rss;
      const now = performance.now();
      const isReading = Atomics.load(place, 1) === 1;
      const current = Atomics.load(place, 0);
      if (!isReading || current !== index) {
        index = isReading ? current : -1;
        since = now;
      }
      if (isReading && now - since > bounds.milliseconds) {
        return { reached: current, cost: `it took more than ${bounds.milliseconds / 1000} s` };
      }
      if (rss - base > bounds.bytes) {
        return { reached: current, cost: `it took ${Math.round((rss - base) / 2 ** 20)} MB` };
      }
    }
  } finally {
    worker.terminate();
  }

  /** A function, as the compiler takes `state` for what it was. */
  function isDone(): boolean {
    return state === "done";
  }
}
