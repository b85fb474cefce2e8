/**
 * The error classes that callers act on. Everything else is a plain `Error`, `RangeError` or `TypeError`
 * whose message is a sentence: what was being done, where, what was found, what to do.
 *
 * @module
 */

/** The command line, a recipe or an option is wrong. The command ends with exit code 2. */
export class UsageError extends Error {
  /** Name of the class, for messages. */
  override name = "UsageError";
}

/** The GPU went away in the middle of the work. The run can be continued from its last checkpoint with `--resume`. */
export class DeviceLostError extends Error {
  /** Name of the class, for messages. */
  override name = "DeviceLostError";
}

/** The planned memory is above the budget or above a limit of the adapter. Nothing was allocated. */
export class OutOfBudgetError extends Error {
  /** Name of the class, for messages. */
  override name = "OutOfBudgetError";
}

/** The work was stopped by Ctrl-C or SIGTERM after a checkpoint. The command ends with exit code 130. */
export class InterruptedError extends Error {
  /** Name of the class, for messages. */
  override name = "InterruptedError";
}
