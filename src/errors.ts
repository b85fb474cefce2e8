/**
 * The error classes that callers act on. Everything else is a plain `Error`, `RangeError` or `TypeError` whose message
 * is a sentence: what was being done, where, what was found.
 *
 * Messages of the library say what is wrong. They name no option of the command line, since a caller may have none. If
 * something can be done about an error, it carries a {@link Reason}, for which the command line adds advice.
 *
 * @module
 */

/** What an error is about, where the caller can do something about it. */
export type Reason =
  | "no adapter"
  | "no such adapter"
  | "device lost"
  | "tensor too large"
  | "memory of training"
  | "memory of labelling"
  | "memory of scoring"
  | "memory of pictures"
  | "training diverged"
  | "unknown network"
  | "no label set"
  | "no original names"
  | "unfit weights"
  | "weights too large for 16 bits"
  | "unfit backbone"
  | "no class map"
  | "unknown label set"
  | "no such variant"
  | "too many pixels"
  | "broken images"
  | "labels of another size"
  | "network for images"
  | "network for scans"
  | "soft labels of scans"
  | "scans without a size"
  | "scaled scans";

/** An error that may carry a reason. */
export class ReasonedError extends Error {
  /** Name of the class, for messages. */
  override name = "ReasonedError";

  /** Takes the message, and the reason where something can be done. */
  constructor(message: string, readonly reason?: Reason) {
    super(message);
  }
}

/** The command line, a recipe or an option is wrong. The command ends with exit code 2. */
export class UsageError extends Error {
  /** Name of the class, for messages. */
  override name = "UsageError";
}

/** The GPU went away in the middle of the work. A run can be continued from its last checkpoint. */
export class DeviceLostError extends ReasonedError {
  /** Name of the class, for messages. */
  override name = "DeviceLostError";

  /** Takes the message. */
  constructor(message: string) {
    super(message, "device lost");
  }
}

/** The planned memory is above the budget or above a limit of the adapter. Nothing was allocated. */
export class OutOfBudgetError extends ReasonedError {
  /** Name of the class, for messages. */
  override name = "OutOfBudgetError";
}

/** Losses, gradients or weights are no longer finite numbers. */
export class DivergenceError extends ReasonedError {
  /** Name of the class, for messages. */
  override name = "DivergenceError";

  /** Takes the message. */
  constructor(message: string) {
    super(message, "training diverged");
  }
}

/** The work was stopped by Ctrl-C or SIGTERM after a checkpoint. The command ends with exit code 130. */
export class InterruptedError extends Error {
  /** Name of the class, for messages. */
  override name = "InterruptedError";
}

/**
 * What was thrown, in words. Libraries throw strings, numbers and bare objects too; none is ever shown as
 * `[object Object]`.
 */
export function errorText(thrown: unknown): string {
  if (typeof thrown === "string" && thrown !== "") return thrown;
  if (typeof thrown !== "object" || thrown === null) return `something was thrown that is no error: ${String(thrown)}`;
  if ("message" in thrown && typeof thrown.message === "string" && thrown.message !== "") return thrown.message;
  if ("name" in thrown && typeof thrown.name === "string" && thrown.name !== "") {
    return `${thrown.name} without a reason`;
  }
  const json = jsonOf(thrown);
  return `something was thrown that is no error${json === undefined ? "" : `: ${json}`}`;
}

function jsonOf(value: object): string | undefined {
  try {
    const text = JSON.stringify(value);
    return text === "{}" ? undefined : text;
  } catch {
    return undefined;
  }
}
