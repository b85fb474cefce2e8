/**
 * JSON files of users, checked: what is wrong becomes a sentence that names the file and the key.
 *
 * @module
 */

import * as v from "valibot";
import { errorText } from "../errors.ts";

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
    const detail = errorText(error);
    throw new Error(`Cannot read the ${what} ${path}: it is not JSON (${detail})`, { cause: error });
  }
  // Each problem is an object of its own, so a hostile file of a megabyte could cost a gigabyte: the others are only
  // counted in short files.
  const result = v.safeParse(schema, content, { abortEarly: text.length > countedLength });
  if (result.success) return result.output;
  const [first, ...others] = result.issues;
  const key = v.getDotPath(first);
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  const place = key === null ? "" : `key ${shortText(key)}: `;
  throw new Error(`Cannot read the ${what} ${path}: ${place}${unknownKey(schema, first) ?? problem(first)}${more}`);
}

/** Length of the longest text whose problems are counted. */
const countedLength = 50_000;

/**
 * Makes sure that no object of a JSON text has a key twice, of which `JSON.parse` would keep the last.
 *
 * @param text JSON that `JSON.parse` takes.
 * @throws {Error} naming the file and the key.
 */
export function requireDistinctKeys(text: string, path: string, what: string): void {
  /** The keys so far of each object around the place; `null` for an array. */
  const open: (Set<string> | null)[] = [];
  for (let place = 0; place < text.length; place++) {
    const character = text[place];
    if (character === "{" || character === "[") open.push(character === "{" ? new Set() : null);
    else if (character === "}" || character === "]") open.pop();
    if (character !== '"') continue;
    const end = closingQuote(text, place + 1);
    const keys = open.at(-1);
    // In an object, what a colon follows is a key.
    if (keys && isColonNext(text, end + 1)) {
      const key: string = JSON.parse(text.slice(place, end + 1));
      if (keys.has(key)) throw new Error(`Cannot read the ${what} ${path}: it has the key ${shortText(key)} twice`);
      keys.add(key);
    }
    place = end;
  }
}

function isColonNext(text: string, start: number): boolean {
  let place = start;
  while (text[place] === " " || text[place] === "\n" || text[place] === "\r" || text[place] === "\t") place++;
  return text[place] === ":";
}

/** The place of the quote that ends the string whose content begins at `start`. */
function closingQuote(text: string, start: number): number {
  for (let place = start; place < text.length; place++) {
    if (text[place] === "\\") place++;
    else if (text[place] === '"') return place;
  }
  return text.length;
}

/** A text between quotes, as a message shows it: escaped, and only the beginning of a long one. */
export function shortText(text: string): string {
  return JSON.stringify(text.length > shownLength ? `${text.slice(0, shownLength)}…` : text);
}

/** A value of a file as JSON, as a message shows it: only the beginning of a long one. */
export function shortJson(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    // YAML can hold a list that is its own element.
    return "a value that contains itself";
  }
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}

/** Characters that a message shows of a text. */
const shownLength = 80;

/** What is said of a key that an object may not have; `null` where the problem is another one. */
function unknownKey(schema: v.GenericSchema, issue: v.BaseIssue<unknown>): string | null {
  if (issue.type !== "strict_object" || issue.expected !== "never") return null;
  const keys = keysAt(schema, issue.path?.slice(0, -1) ?? []);
  return keys === null ? "there is no such key" : `there is no such key; the keys here are ${keys.join(", ")}`;
}

/** The keys that an object may have, by its place; `null` where the schema does not tell. */
function keysAt(schema: unknown, path: readonly v.IssuePathItem[]): string[] | null {
  if (typeof schema !== "object" || schema === null) return null;
  // What may be left out wraps what it is.
  if ("wrapped" in schema) return keysAt(schema.wrapped, path);
  const [next, ...rest] = path;
  if ("entries" in schema && typeof schema.entries === "object" && schema.entries !== null) {
    const { entries } = schema;
    if (next === undefined) return Object.keys(entries);
    return keysAt(Object.entries(entries).find(([key]) => key === next.key)?.[1], rest);
  }
  if ("item" in schema) return keysAt(schema.item, rest);
  return "value" in schema ? keysAt(schema.value, rest) : null;
}

function problem(issue: v.BaseIssue<unknown>): string {
  if (issue.received === "undefined") return "it is missing";
  if (issue.expected === null) return issue.message;
  const received = issue.received.length > shownLength ? `${issue.received.slice(0, shownLength)}…` : issue.received;
  return `found ${received}, expected ${issue.expected}`;
}
