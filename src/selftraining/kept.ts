/**
 * The forms of what a run keeps of its finished stages. A store checks what it kept by them, since a file may have been
 * damaged since.
 *
 * @module
 */

import * as v from "valibot";

/**
 * The form of a kept result: makes a `T` of what was read.
 *
 * @throws {Error} saying what is wrong with it, and at which key.
 */
export type KeptForm<T> = (kept: unknown) => T;

/** The form that a schema describes. */
export function formOf<T>(schema: v.GenericSchema<unknown, T>): KeptForm<T> {
  return (kept) => {
    const result = v.safeParse(schema, kept);
    if (result.success) return result.output;
    const [first] = result.issues;
    const key = v.getDotPath(first);
    throw new Error(`${key === null ? "" : `"${key}": `}found ${first.received}, expected ${first.expected}`);
  };
}

/** A stage that leaves nothing but its files. */
export const doneForm: KeptForm<true> = formOf(v.literal(true));

/** A stage without a value. */
export const voidForm: KeptForm<void> = formOf(v.undefined());

/** What is kept of a training stage. */
export interface KeptTraining {
  readonly seconds: number;
  /** How many steps it took. Runs of earlier versions do not know. */
  readonly steps?: number | undefined;
}

/** A training stage. */
export const trainedForm: KeptForm<KeptTraining> = formOf(v.object({
  seconds: v.number(),
  steps: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
}));

const timedSchema = v.object({ value: v.optional(v.unknown()), time: v.number() });

/** A result with the seconds that it took. A stage that leaves nothing but its files has no value. */
export function timedForm<T>(value: KeptForm<T>): KeptForm<{ readonly value: T; readonly time: number }> {
  const timed = formOf(timedSchema);
  return (kept) => {
    const { value: found, time } = timed(kept);
    return { value: value(found), time };
  };
}
