/**
 * The Worker's side of a `WorkerPool`: answers its requests.
 *
 * @module
 */

import { errorText, type Reason, ReasonedError } from "../errors.ts";

/** Work for a Worker. */
export interface WorkerRequest<Work> {
  /** Comes back with the answer. */
  readonly id: number;
  /** What to do. */
  readonly work: Work;
}

/**
 * What comes back: the result, or the sentence that says why there is none, or why the Worker can do no more work at
 * all.
 */
export type WorkerReply<Result> =
  | { readonly id: number; readonly result: Result }
  | {
    readonly id: number;
    readonly error: string;
    /** What the error is about, where the caller can do something about it. */
    readonly reason?: Reason | undefined;
  }
  | { readonly death: string };

/**
 * The part of a Worker's global scope that is used here. It is declared by hand, because TypeScript's library for
 * Workers excludes the one for windows.
 */
interface WorkerScope<Work, Result> {
  onmessage: ((event: MessageEvent<WorkerRequest<Work>>) => void) | null;
  onmessageerror: (() => void) | null;
  postMessage(reply: WorkerReply<Result>, transfer: ArrayBuffer[]): void;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
  addEventListener(type: "unhandledrejection", listener: (event: PromiseRejectionEvent) => void): void;
}

/**
 * Answers all requests from now on, one after the other, in their order. An error outside of them, such as one in a
 * timer of a library, is told to the pool, which then gives this Worker up.
 *
 * @param buffersOf buffers of a result that are handed over instead of being copied.
 */
export function answerRequests<Work, Result>(
  work: (request: Work) => Result | Promise<Result>,
  buffersOf: (result: Result) => ArrayBuffer[] = () => [],
): void {
  const scope = globalThis as unknown as WorkerScope<Work, Result>;
  const answer = async ({ id, work: request }: WorkerRequest<Work>): Promise<void> => {
    try {
      const result = await work(request);
      scope.postMessage({ id, result }, buffersOf(result));
    } catch (error) {
      const reason = error instanceof ReasonedError ? error.reason : undefined;
      scope.postMessage({ id, error: errorText(error), reason }, []);
    }
  };
  const die = (reason: string) => scope.postMessage({ death: reason }, []);
  scope.addEventListener("error", (event) => {
    event.preventDefault();
    die(event.error === undefined || event.error === null ? event.message : errorText(event.error));
  });
  scope.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    die(errorText(event.reason));
  });
  scope.onmessageerror = () => die("a request cannot be read");
  let previous: Promise<void> = Promise.resolve();
  scope.onmessage = (event) => {
    previous = previous.then(() => answer(event.data));
  };
}
