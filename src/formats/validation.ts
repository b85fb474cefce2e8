/**
 * JSON files of users, checked: what is wrong becomes a sentence that names the file and the key.
 *
 * @module
 */

import * as v from "valibot";

/**
 * The content of a JSON text that fits `schema`. `what` names the kind of file in messages, as in "data set".
 *
 * @throws {Error} where the text is not JSON or does not fit; the first problem is named, with the number of others.
 */
export function validated<Schema extends v.GenericSchema>(
  schema: Schema,
  text: string,
  path: string,
  what: string,
): v.InferOutput<Schema> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read the ${what} ${path}: it is not JSON (${detail})`, { cause: error });
  }
  const result = v.safeParse(schema, content);
  if (result.success) return result.output;
  const [first, ...others] = result.issues;
  const key = v.getDotPath(first);
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  throw new Error(`Cannot read the ${what} ${path}: ${key === null ? "" : `key "${key}": `}${problem(first)}${more}`);
}

function problem(issue: v.BaseIssue<unknown>): string {
  if (issue.received === "undefined") return "it is missing";
  return issue.expected === null ? issue.message : `found ${issue.received}, expected ${issue.expected}`;
}
