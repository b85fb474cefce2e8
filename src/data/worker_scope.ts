/**
 * The Worker's side of a `WorkerPool`: answers its requests.
 *
 * @module
 */

import { type Reason, ReasonedError } from "../errors.ts";
import { detailOf } from "./decoders/file_bytes.ts";

/** Work for a Worker. */
export interface WorkerRequest<Work> {
  /** Comes back with the answer. */
  readonly id: number;
  /** What to do. */
  readonly work: Work;
}

/** What comes back: the result, or the sentence that says why there is none. */
export type WorkerReply<Result> = { readonly id: number; readonly result: Result } | {
  readonly id: number;
  readonly error: string;
  /** What the error is about, where the caller can do something about it. */
  readonly reason?: Reason | undefined;
};

/**
 * The part of a Worker's global scope that is used here. It is declared by hand, because TypeScript's library for
 * Workers excludes the one for windows.
 */
interface WorkerScope<Work, Result> {
  onmessage: ((event: MessageEvent<WorkerRequest<Work>>) => void) | null;
  postMessage(reply: WorkerReply<Result>, transfer: ArrayBuffer[]): void;
}

/**
 * Answers all requests from now on, one after the other, in their order.
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
      scope.postMessage({ id, error: detailOf(error), reason }, []);
    }
  };
  let previous: Promise<void> = Promise.resolve();
  scope.onmessage = (event) => {
    previous = previous.then(() => answer(event.data));
  };
}
