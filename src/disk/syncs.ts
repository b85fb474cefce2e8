/**
 * Waits until files and folders are on the disk. All of the program's syncs are here, so that a test can tell what a
 * power cut would leave.
 *
 * @module
 */

import { closeSync, fsyncSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import process from "node:process";
import { systemReason } from "./reasons.ts";

let listener: (path: string) => void = () => {};

/** Has every later sync told to a listener, when it is done. Only the test of power cuts listens. */
export function onSync(told: (path: string) => void): void {
  listener = told;
}

/**
 * Syncs a file.
 *
 * @throws {Error} if it cannot be synced, naming it.
 */
export async function syncFile(path: string): Promise<void> {
  try {
    const file = await open(path, "r+");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new Error(`Cannot write ${path}: ${systemReason(error)}`);
  }
  listener(path);
}

/** Syncs an open file. */
export function syncOpenFile(file: number, path: string): void {
  fsyncSync(file);
  listener(path);
}

/**
 * Syncs a folder, since a rename is safe from a power cut only once the folder is on the disk. Windows cannot open
 * folders.
 */
export function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
  listener(path);
}
