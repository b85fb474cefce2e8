/**
 * Where Deno keeps the npm packages of `deno.json`.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** The folder of the package to which a file in Deno's cache belongs; `null` for a file that is elsewhere. */
export function folderOfFile(file: string): string | null {
  return /^.*\/registry\.npmjs\.org\/(?:@[^/]+\/)?[^/]+\/[^/]+/.exec(file)?.[0] ?? null;
}

/** The file that a program gets which imports a package of `deno.json`; `null` if that is no package of npm. */
export function packageFile(name: string): string | null {
  const url = import.meta.resolve(name);
  return url.startsWith("file:") ? fileURLToPath(url) : null;
}

/** Where Deno keeps a package of `deno.json`; `null` if it is no package of npm. */
export function packageFolder(name: string): string | null {
  const file = packageFile(name);
  return file === null ? null : folderOfFile(file);
}
