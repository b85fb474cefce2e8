/**
 * The few assertions that this project's tests use, with the signatures of `@std/assert`.
 *
 * An independent implementation, for machines that cannot reach the registry of `@std/assert`: `links` in `deno.json`
 * puts it in that package's place. Deleting that line brings the original back.
 *
 * @module
 */

import { inspect, isDeepStrictEqual } from "node:util";

/** A class of errors, as `assertThrows` takes it. */
// deno-lint-ignore no-explicit-any
export type ErrorClass<E extends Error = Error> = abstract new (...args: any[]) => E;

/** What a failed assertion throws. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

/** Fails. */
export function fail(message?: string): never {
  throw new AssertionError(message === undefined ? "Failed assertion" : `Failed assertion: ${message}`);
}

/** Fails unless `condition` is truthy. */
export function assert(condition: unknown, message = ""): asserts condition {
  if (!condition) throw new AssertionError(message || "Expected a truthy value");
}

/** Fails unless both are deeply equal: same class, same keys, same values; `NaN` equals `NaN`. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  if (equal(actual, expected)) return;
  throw failure("Values are not equal", message, `\n${difference(actual, expected)}`);
}

/** Fails if both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  if (equal(actual, expected)) throw failure(`Expected a value other than ${show(expected)}`, message);
}

/** Fails unless `Object.is(actual, expected)`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  throw failure("Values are not the same", message, `\n${difference(actual, expected)}`);
}

/** Fails if `|actual − expected| > tolerance`; the default tolerance is `|expected| · 1e-7`, at least 1e-7 at 0. */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, message?: string): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (expected === 0 ? 1e-7 : Math.abs(expected) * 1e-7);
  const error = Math.abs(actual - expected);
  if (error <= allowed) return;
  throw failure(`Expected ${expected} within ${allowed}, got ${actual} (difference ${error})`, message);
}

/** Fails if `actual` is `null` or `undefined`. */
export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) throw failure(`Expected a value, got ${actual}`, message);
}

/** Fails unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, message?: string): void {
  if (!(actual > expected)) throw failure(`Expected ${show(actual)} > ${show(expected)}`, message);
}

/** Fails unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void {
  if (!(actual >= expected)) throw failure(`Expected ${show(actual)} >= ${show(expected)}`, message);
}

/** Fails unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, message?: string): void {
  if (!(actual < expected)) throw failure(`Expected ${show(actual)} < ${show(expected)}`, message);
}

/** Fails unless `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void {
  if (!(actual <= expected)) throw failure(`Expected ${show(actual)} <= ${show(expected)}`, message);
}

/** Fails unless `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  if (!actual.includes(expected)) throw failure(`Expected text that contains ${show(expected)}, got ${show(actual)}`, message);
}

/** Fails unless `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  expected.lastIndex = 0;
  if (!expected.test(actual)) throw failure(`Expected text that matches ${expected}, got ${show(actual)}`, message);
}

/** Fails unless `fn` throws, an error of `ErrorClass` whose message contains `messageIncludes` where these are given. */
export function assertThrows(fn: () => unknown, message?: string): unknown;
/** Fails unless `fn` throws an error of `ErrorClass` whose message contains `messageIncludes`. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass: ErrorClass<E>,
  messageIncludes?: string,
  message?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMessage?: ErrorClass | string,
  messageIncludes?: string,
  message?: string,
): unknown {
  const [errorClass, note] = arrange(classOrMessage, message);
  try {
    fn();
  } catch (error) {
    return checked(error, errorClass, messageIncludes, note);
  }
  throw failure("Expected the function to throw", note);
}

/** Fails unless the promise of `fn` is rejected. */
export function assertRejects(fn: () => PromiseLike<unknown>, message?: string): Promise<unknown>;
/** Fails unless the promise of `fn` is rejected by an error of `ErrorClass` whose message contains `messageIncludes`. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  messageIncludes?: string,
  message?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMessage?: ErrorClass | string,
  messageIncludes?: string,
  message?: string,
): Promise<unknown> {
  const [errorClass, note] = arrange(classOrMessage, message);
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    throw failure(`Expected a rejected promise, but the function threw ${show(error)}`, note);
  }
  try {
    await promise;
  } catch (error) {
    return checked(error, errorClass, messageIncludes, note);
  }
  throw failure("Expected the promise to be rejected", note);
}

function arrange(classOrMessage: ErrorClass | string | undefined, message: string | undefined) {
  return typeof classOrMessage === "string" ? [undefined, classOrMessage] as const : [classOrMessage, message] as const;
}

function checked(error: unknown, errorClass?: ErrorClass, messageIncludes?: string, note?: string): unknown {
  if (errorClass === undefined) return error;
  if (!(error instanceof errorClass)) throw failure(`Expected an error of ${errorClass.name}, got ${show(error)}`, note);
  if (messageIncludes !== undefined && !error.message.includes(messageIncludes)) {
    throw failure(`Expected an error message that contains ${show(messageIncludes)}, got ${show(error.message)}`, note);
  }
  return error;
}

/** `isDeepStrictEqual`, where 0 and −0 are equal, as in `@std/assert`, only outside typed arrays. */
function equal(actual: unknown, expected: unknown): boolean {
  return actual === expected || isDeepStrictEqual(actual, expected);
}

function failure(text: string, note?: string, detail = ""): AssertionError {
  return new AssertionError(note ? `${note}: ${text}${detail}` : `${text}${detail}`);
}

function show(value: unknown): string {
  return inspect(value, { depth: 8, maxArrayLength: 100, maxStringLength: 2000 });
}

/** Both values line by line, from the first line that differs. */
function difference(actual: unknown, expected: unknown): string {
  const [ours, theirs] = [show(actual).split("\n"), show(expected).split("\n")];
  let first = 0;
  while (first < ours.length && ours[first] === theirs[first]) first++;
  const part = (lines: string[], sign: string) => lines.slice(first, first + 12).map((line) => `${sign} ${line}`);
  return [...part(ours, "actual  "), ...part(theirs, "expected")].join("\n");
}
