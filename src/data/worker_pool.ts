/**
 * A few Workers for one kind of work. They start when first needed, and each has a queue of its own.
 *
 * @module
 */

import { ReasonedError } from "../errors.ts";
import type { WorkerReply, WorkerRequest } from "./worker_scope.ts";

/** The words that the messages of a pool use. */
export interface WorkerPoolNames {
  /** What its work is, such as `load images`. */
  readonly action: string;
  /** What is closed, such as `loader`. */
  readonly owner: string;
  /** What its Workers are, such as `decoding worker`. */
  readonly worker: string;
}

interface Waiting<Result> {
  resolve(result: Result): void;
  reject(error: Error): void;
}

interface StartedWorker<Result> {
  worker: Worker;
  waiting: Map<number, Waiting<Result>>;
}

/** The default number of Workers: as many as there are processors, but at least 2 and at most 8. */
export function defaultWorkers(): number {
  return Math.min(8, Math.max(2, navigator.hardwareConcurrency));
}

/** Workers behind one function. {@link WorkerPool.close} ends them. A program that does not call it does not end. */
export class WorkerPool<Work, Result> {
  readonly #start: () => Worker;
  readonly #size: number;
  readonly #names: WorkerPoolNames;
  readonly #workers: StartedWorker<Result>[] = [];
  #nextId = 0;
  #closed = false;

  /** A pool of at most `size` Workers, each of which answers by `answerRequests`. */
  constructor(start: () => Worker, size: number, names: WorkerPoolNames) {
    this.#start = start;
    this.#size = size;
    this.#names = names;
  }

  /** Starts all Workers now, so that they have loaded their modules when the first work comes. */
  start(): void {
    while (this.#workers.length < this.#size) this.#startOne();
  }

  /**
   * Gives a piece of work to the Worker that has the least to do.
   *
   * @param transfer buffers of `work` that are handed over instead of being copied.
   * @throws {Error} the sentence of the Worker, or if the pool is closed.
   */
  run(work: Work, transfer: ArrayBuffer[] = []): Promise<Result> {
    const { action, owner } = this.#names;
    if (this.#closed) return Promise.reject(new Error(`Cannot ${action}: the ${owner} is closed`));
    const chosen = this.#leastBusy();
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      chosen.waiting.set(id, { resolve, reject });
      chosen.worker.postMessage({ id, work } satisfies WorkerRequest<Work>, transfer);
    });
  }

  /** Ends the Workers at once. Work that is still waiting is rejected. */
  close(): void {
    const { action, owner } = this.#names;
    this.#closed = true;
    for (const { worker, waiting } of this.#workers) {
      worker.terminate();
      for (const { reject } of waiting.values()) reject(new Error(`Cannot ${action}: the ${owner} was closed`));
    }
    this.#workers.length = 0;
  }

  #startOne(): StartedWorker<Result> {
    const started = listen<Result>(this.#start(), this.#names);
    this.#workers.push(started);
    return started;
  }

  #leastBusy(): StartedWorker<Result> {
    let best: StartedWorker<Result> | undefined;
    for (const candidate of this.#workers) {
      if (best === undefined || candidate.waiting.size < best.waiting.size) best = candidate;
    }
    if (best !== undefined && (best.waiting.size === 0 || this.#workers.length >= this.#size)) return best;
    return this.#startOne();
  }
}

function listen<Result>(worker: Worker, names: WorkerPoolNames): StartedWorker<Result> {
  const waiting = new Map<number, Waiting<Result>>();
  worker.onmessage = (event: MessageEvent<WorkerReply<Result>>) => {
    const reply = event.data;
    const entry = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ("result" in reply) entry?.resolve(reply.result);
    else entry?.reject(new ReasonedError(reply.error, reply.reason));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    for (const { reject } of waiting.values()) reject(new Error(`A ${names.worker} stopped: ${event.message}`));
    waiting.clear();
  };
  return { worker, waiting };
}
