/**
 * Ctrl-C and the other signals that ask a run to stop.
 *
 * @module
 */

import process from "node:process";
import { InterruptedError } from "../errors.ts";
import type { TerminalProgress } from "../report/progress.ts";

/** Ctrl-C, what a system sends before it shuts down, and the end of the terminal. */
export const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How long a run may take to stop after a signal, beside two of its slowest steps, in milliseconds. */
const patience = 30_000;

/**
 * A signal that the first Ctrl-C, SIGTERM or SIGHUP aborts, so that the run stops at its next checkpoint. The program
 * ends without one at the second, and if the run does not stop in time: it may be waiting for what never comes.
 *
 * @param milliseconds how long the run may take to stop, beside two of its slowest steps.
 */
export function interruption(
  progress: TerminalProgress,
  milliseconds: number = patience,
): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new InterruptedError("Stopped"));
    setTimeout(() => {
      progress.line(
        "The run does not come to a checkpoint. It is ended as it is; go on from the last one with --resume",
      );
      process.exit(130);
    }, milliseconds + 2 * progress.slowestStep).unref();
  };
  for (const signal of stopSignals) process.on(signal, stop);
  return {
    signal: controller.signal,
    release: () => {
      for (const signal of stopSignals) process.off(signal, stop);
    },
  };
}
