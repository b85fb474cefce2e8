/**
 * The forms of what a run keeps of its finished stages. A store checks what it kept by them, since a file may have been
 * damaged since.
 *
 * @module
 */

import * as v from "valibot";

/** The form of a kept result: a schema that makes a `T` of what was read. */
export type KeptForm<T> = v.GenericSchema<unknown, T>;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** A stage that leaves nothing but its files. */
export const doneForm: KeptForm<true> = v.literal(true);

/** A stage without a value. */
export const voidForm: KeptForm<void> = v.optional(v.undefined());

/** A training stage. */
export const trainedForm = v.object({
  seconds: v.number(),
  /** How many steps it took. Runs of earlier versions do not know. */
  steps: v.optional(count),
});

/** A result with the seconds that it took. A stage that leaves nothing but its files has no value. */
export function timedForm<T>(value: KeptForm<T>): KeptForm<{ readonly value: T; readonly time: number }> {
  return v.object({ value, time: v.number() });
}
