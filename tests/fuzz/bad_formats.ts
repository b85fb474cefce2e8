/**
 * Formats that are answered badly, to test that fuzzing finds it.
 *
 * @module
 */

import type { Format } from "./formats.ts";

/** The file that mutants are made of. */
export const file: Uint8Array = new Uint8Array(64);

/** Whether a mutant differs from it. */
export function isChanged(bytes: Uint8Array): boolean {
  return bytes.length !== file.length || bytes.some((byte) => byte > 0);
}

function format(readChanged: () => unknown): Format {
  return {
    open: () => ({ files: [file], name: "a.file", read: (bytes) => isChanged(bytes) ? readChanged() : undefined }),
  };
}

const kept: Uint8Array[] = [];

/** They read the file itself, and answer its mutants in their own ways. */
export const formats: Readonly<Record<string, Format>> = {
  good: format(() => {
    throw new Error("Cannot read a.file: it is damaged");
  }),
  nameless: format(() => {
    throw new Error("Cannot read it");
  }),
  internal: format(() => {
    throw new TypeError("a.file: Cannot read properties of null");
  }),
  noError: format(() => {
    throw { code: 1 };
  }),
  slow: format(() => {
    const end = performance.now() + 2000;
    while (performance.now() < end);
  }),
  hungry: format(async () => {
    kept.push(new Uint8Array(200 * 2 ** 20).fill(1));
    await new Promise((resolve) => setTimeout(resolve, 200));
    kept.length = 0;
  }),
};
