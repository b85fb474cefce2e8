/**
 * The live page of a run, as the run knows it: what happens is told to a Worker, which serves the page.
 *
 * @module
 */

import { errorText, InterruptedError, UsageError } from "../../errors.ts";
import type { Progress, StageProgress, StageUnits } from "../../selftraining/progress.ts";
import { type Address, urlOf } from "./address.ts";
import type { Ending, LiveCommand, LiveMessage, LiveReply, LossPoint } from "./events.ts";

/** Steps are told at most once in this many milliseconds. */
const interval = 100;
/** How long the Worker may take to end after the run, in milliseconds. */
const patience = 15_000;

/** A live page that is being served. */
export class Live {
  readonly #worker: Worker;
  #isClosed = false;
  /** Called when the page can no longer be served, with the reason. */
  onLost: (reason: string) => void = () => {};

  private constructor(worker: Worker, readonly url: string) {
    this.#worker = worker;
    // A page that cannot be served any more is no reason to end a run.
    worker.onerror = (event) => {
      event.preventDefault();
      this.#isClosed = true;
      this.onLost(event.message);
    };
  }

  /**
   * Begins to serve the page.
   *
   * @throws {UsageError} if the address is none of this computer.
   * @throws {Error} if its port is taken, or there is no right to listen there.
   */
  static async open(address: Address): Promise<Live> {
    const worker = new Worker(new URL("./live_worker.ts", import.meta.url), { type: "module" });
    const reply = await new Promise<LiveReply>((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<LiveReply>) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        resolve({ kind: "refused", name: "", message: event.message });
      };
      worker.postMessage({ kind: "listen", address } satisfies LiveMessage);
    });
    if (reply.kind === "listening") return new Live(worker, urlOf({ ...address, port: reply.port }));
    worker.terminate();
    throw refusal(address, reply.kind === "refused" ? reply : { name: "", message: "" });
  }

  /**
   * Says which folder the page shows. It answers from now on.
   *
   * @param command what runs there.
   * @param control the folder of a finished control run to compare with.
   */
  show(folder: string, command: LiveCommand, control?: string): void {
    this.#tell({ kind: "folder", path: folder, command, control });
  }

  /** Tells of new pseudo-labels, by the paths of their files in the run's folder. */
  labels(files: readonly string[]): void {
    this.#tell({ kind: "labels", files });
  }

  /** A progress that shows everything on the page, too. */
  progress(inner: Progress): Progress {
    return {
      stage: (name, total, units) => this.#stage(inner.stage(name, total, units), name, total, units),
      line: (text) => {
        inner.line(text);
        this.#tell({ kind: "line", text, isWarning: false });
      },
      warn: (text) => {
        inner.warn(text);
        this.#tell({ kind: "line", text, isWarning: true });
      },
    };
  }

  /**
   * Does the work of the run, then tells the page how that ended and stops serving it. Pages that are open are sent the
   * last report before.
   */
  async serve<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      await this.#end("finished", "");
      return result;
    } catch (error) {
      if (error instanceof InterruptedError) await this.#end("stopped", "");
      else await this.#end("failed", errorText(error));
      throw error;
    }
  }

  async #end(ending: Ending, text: string): Promise<void> {
    if (!this.#isClosed) {
      let timeout: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        this.#worker.onmessage = () => resolve();
        this.#worker.onerror = (event) => {
          event.preventDefault();
          resolve();
        };
        timeout = setTimeout(resolve, patience);
        this.#tell({ kind: "end", ending, text });
      });
      clearTimeout(timeout);
    }
    this.close();
  }

  /** Stops serving at once. */
  close(): void {
    this.#isClosed = true;
    this.#worker.terminate();
  }

  #stage(inner: StageProgress, name: string, total: number, units: StageUnits): StageProgress {
    this.#tell({ kind: "stage", name, total, units });
    let losses: LossPoint[] = [];
    let last = -Infinity;
    let waiting: number | null = null;
    const tell = () => {
      if (waiting !== null) this.#tell({ kind: "steps", done: waiting, losses });
      losses = [];
      waiting = null;
    };
    return {
      update: (done, values) => {
        inner.update(done, values);
        if (values?.loss !== undefined) losses.push([done - 1, values.loss]);
        waiting = done;
        const now = performance.now();
        if (now - last < interval) return;
        last = now;
        tell();
      },
      end: () => {
        inner.end();
        tell();
        this.#tell({ kind: "stage end" });
      },
    };
  }

  #tell(message: LiveMessage): void {
    if (!this.#isClosed) this.#worker.postMessage(message);
  }
}

/** Why the page cannot be served, in a sentence. */
function refusal({ hostname, port }: Address, { name, message }: { name: string; message: string }): Error {
  const place = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  if (name === "AddrInUse") {
    return new Error(
      `Cannot serve the live page at ${place}: another program listens there. Give another port to --serve, or 0 for any`,
    );
  }
  if (name === "AddrNotAvailable" || /failed to lookup address/.test(message)) {
    return new UsageError(
      `--serve is ${place}, but ${hostname} is no address of this computer. Give the port alone, or 0.0.0.0:${port} for ` +
        "all of its addresses",
    );
  }
  if (name === "PermissionDenied") {
    return new Error(
      `Cannot serve the live page at ${place}: the system does not let this program listen there. Give a port from 1024`,
    );
  }
  return new Error(`Cannot serve the live page at ${place}: ${message}`);
}
