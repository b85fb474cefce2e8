/**
 * A few decoding Workers, started when first needed, each with a queue of its own.
 *
 * @module
 */

import type { DecodeReply, DecodeRequest } from "./decode_worker.ts";
import type { Item, Sample, SampleOptions } from "./sample.ts";

interface Waiting {
  resolve(sample: Sample): void;
  reject(error: Error): void;
}

interface DecodeWorker {
  worker: Worker;
  waiting: Map<number, Waiting>;
}

/** Decoding Workers behind one function. {@link DecodePool.close} ends them; without it the program does not end. */
export class DecodePool {
  readonly #size: number;
  readonly #workers: DecodeWorker[] = [];
  #nextId = 0;
  #closed = false;

  /** A pool of at most `size` Workers. */
  constructor(size: number) {
    this.#size = size;
  }

  /** Reads and makes one sample in the Worker with the least to do. */
  decode(item: Item, options: SampleOptions): Promise<Sample> {
    if (this.#closed) return Promise.reject(new Error("Cannot load images: the loader is closed"));
    const chosen = this.#leastBusy();
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      chosen.waiting.set(id, { resolve, reject });
      chosen.worker.postMessage({ id, item, options } satisfies DecodeRequest);
    });
  }

  /** Ends the Workers at once; what is still waiting is rejected. */
  close(): void {
    this.#closed = true;
    for (const { worker, waiting } of this.#workers) {
      worker.terminate();
      for (const { reject } of waiting.values()) reject(new Error("Cannot load images: the loader was closed"));
    }
    this.#workers.length = 0;
  }

  #leastBusy(): DecodeWorker {
    let best: DecodeWorker | undefined;
    for (const candidate of this.#workers) {
      if (best === undefined || candidate.waiting.size < best.waiting.size) best = candidate;
    }
    if (best !== undefined && (best.waiting.size === 0 || this.#workers.length >= this.#size)) return best;
    const started = startWorker();
    this.#workers.push(started);
    return started;
  }
}

function startWorker(): DecodeWorker {
  const worker = new Worker(new URL("./decode_worker.ts", import.meta.url), { type: "module" });
  const waiting = new Map<number, Waiting>();
  worker.onmessage = (event: MessageEvent<DecodeReply>) => {
    const reply = event.data;
    const entry = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ("sample" in reply) entry?.resolve(reply.sample);
    else entry?.reject(new Error(reply.error));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    for (const { reject } of waiting.values()) reject(new Error(`A decoding worker stopped: ${event.message}`));
    waiting.clear();
  };
  return { worker, waiting };
}
