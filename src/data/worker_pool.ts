/**
 * A few Workers for one kind of work. They start when first needed, and each has a queue of its own.
 *
 * @module
 */

import { errorText, ReasonedError } from "../errors.ts";
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
  /** What the work is about, such as a file's path; empty where there is none. */
  readonly subject: string;
  resolve(result: Result): void;
  reject(error: Error): void;
}

interface StartedWorker<Result> {
  readonly worker: Worker;
  /** Work that it has been given and has not answered, in the order in which it does it. */
  readonly waiting: Map<number, Waiting<Result>>;
}

/** The default number of Workers: as many as there are processors, but at least 2 and at most 8. */
export function defaultWorkers(): number {
  return Math.min(8, Math.max(2, navigator.hardwareConcurrency));
}

/**
 * Workers behind one function. {@link WorkerPool.close} ends them. A program that does not call it does not end.
 *
 * Every piece of work is answered. A Worker that dies leaves the pool, whether it was busy or idle: what it had not
 * answered is rejected, and later work goes to the others or to a new one.
 */
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
   * @param subject what messages call the work, such as the path of its file.
   * @throws {Error} the sentence of the Worker, or if the Worker dies, or if the pool is closed.
   */
  async run(work: Work, transfer: ArrayBuffer[] = [], subject = ""): Promise<Result> {
    if (this.#closed) throw new Error(`Cannot ${this.#names.action}: the ${this.#names.owner} is closed`);
    const { worker, waiting } = this.#leastBusy(subject);
    const id = this.#nextId++;
    return await new Promise((resolve, reject) => {
      worker.postMessage({ id, work } satisfies WorkerRequest<Work>, transfer);
      waiting.set(id, { subject, resolve, reject });
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

  #startOne(subject = ""): StartedWorker<Result> {
    const started: StartedWorker<Result> = { worker: this.#startWorker(subject), waiting: new Map() };
    const { worker, waiting } = started;
    worker.onmessage = ({ data: reply }: MessageEvent<WorkerReply<Result>>) => {
      if ("death" in reply) return this.#bury(started, reply.death);
      const entry = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ("result" in reply) entry?.resolve(reply.result);
      else entry?.reject(new ReasonedError(reply.error, reply.reason));
    };
    worker.onmessageerror = () => this.#bury(started, "its answer cannot be read");
    worker.onerror = (event) => {
      event.preventDefault();
      this.#bury(started, event.message || "its module cannot be loaded");
    };
    this.#workers.push(started);
    return started;
  }

  /** Takes a Worker that died out of the pool, and answers for all that it was given. */
  #bury(started: StartedWorker<Result>, reason: string): void {
    const index = this.#workers.indexOf(started);
    if (index >= 0) this.#workers.splice(index, 1);
    started.worker.terminate();
    for (const { subject, reject } of started.waiting.values()) reject(this.#failure(subject, "stopped", reason));
    started.waiting.clear();
  }

  #startWorker(subject: string): Worker {
    try {
      return this.#start();
    } catch (error) {
      throw this.#failure(subject, "cannot be started", errorText(error));
    }
  }

  #failure(subject: string, what: string, reason: string): Error {
    const { action, worker } = this.#names;
    return new Error(`Cannot ${action}${subject && ` (${subject})`}: a ${worker} ${what}: ${reason}`);
  }

  #leastBusy(subject: string): StartedWorker<Result> {
    let best: StartedWorker<Result> | undefined;
    for (const candidate of this.#workers) {
      if (best === undefined || candidate.waiting.size < best.waiting.size) best = candidate;
    }
    if (best !== undefined && (best.waiting.size === 0 || this.#workers.length >= this.#size)) return best;
    return this.#startOne(subject);
  }
}
