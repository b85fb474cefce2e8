/**
 * Why the system refused to read or to write, in plain words.
 *
 * @module
 */

import { errorText } from "../errors.ts";

/** What the systems' error codes mean to who reads a message about a file or a folder. */
const words: Readonly<Record<string, string>> = {
  EACCES: "this user has no permission to do that",
  EBUSY: "it is in use",
  EDQUOT: "this user may take no more room on the disk",
  EEXIST: "there is something of that name already",
  EFBIG: "the file would be larger than this disk or this user may have it",
  EIO: "the disk reports an error",
  EISDIR: "it is a folder",
  ELOOP: "its links lead in a circle",
  EMFILE: "this program may not open more files at a time; `ulimit -n 1024` allows more to what a shell starts next",
  ENAMETOOLONG: "the name is too long",
  ENFILE: "the system cannot open more files at a time",
  ENOENT: "there is no such file or folder",
  ENOMEM: "there is not enough memory",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of the path is a file, no folder",
  EPERM: "this user has no permission to do that",
  EROFS: "the disk is read-only",
  ETXTBSY: "it is in use",
};

/** The codes behind the numbers that Deno gives where it gives no code. Those above 30 are Linux's. */
const codes: Readonly<Record<string, string>> = {
  ...{ 1: "EPERM", 2: "ENOENT", 3: "ENOENT", 5: "EIO", 12: "ENOMEM", 13: "EACCES", 16: "EBUSY", 17: "EEXIST" },
  ...{ 20: "ENOTDIR", 21: "EISDIR", 23: "ENFILE", 24: "EMFILE", 26: "ETXTBSY", 27: "EFBIG", 28: "ENOSPC", 30: "EROFS" },
  ...{ 36: "ENAMETOOLONG", 40: "ELOOP", 122: "EDQUOT" },
};

/**
 * The reason of an error of the file system, as the end of a sentence that names the file: `there is no such file or
 * folder`. Other errors give their message.
 */
export function systemReason(error: unknown): string {
  const text = errorText(error);
  if (/Array buffer allocation failed|Invalid (typed )?array( buffer)? length/i.test(text)) {
    return "there is not enough memory to hold it at once";
  }
  return words[codeOf(error, text) ?? ""] ?? text;
}

/**
 * The sentence for an error of the file system that nobody caught: it names the path. `null` if the error is another
 * one, or has no path.
 */
export function systemSentence(error: unknown): string | null {
  if (!(error instanceof Error) || words[codeOf(error, error.message) ?? ""] === undefined) return null;
  const path = "path" in error && typeof error.path === "string" ? error.path : /'([^']+)'/.exec(error.message)?.[1];
  return path === undefined ? null : `Cannot use ${path}: ${systemReason(error)}`;
}

/** Whether an error says that this process, or the system, has too many files open. */
export function isTooManyFiles(error: unknown): boolean {
  const code = codeOf(error, errorText(error));
  return code === "EMFILE" || code === "ENFILE";
}

function codeOf(error: unknown, text: string): string | undefined {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return codes[/\(os error (\d+)\)/.exec(text)?.[1] ?? ""];
}
