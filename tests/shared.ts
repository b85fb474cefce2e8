/**
 * Where the tests find the real data sets, reference weights and exact vectors that are not part of the repository.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Folder with `vectors/` and `data/`: `CROSSWALK_SHARED`, or `shared` beside the checkout. */
const folder = Deno.env.get("CROSSWALK_SHARED") ?? fileURLToPath(new URL("../../shared", import.meta.url));

/** The full path of a shared file or folder, or `null` where it is absent. */
export function sharedPath(name: string): string | null {
  const path = `${folder}/${name}`;
  return existsSync(path) ? path : null;
}

/**
 * Registers a test that needs the shared files `names`. If one is absent, the test is skipped with a message that names
 * the absent ones.
 */
export function testWithShared(
  title: string,
  names: string[],
  body: (...paths: string[]) => Promise<void> | void,
): void {
  const paths = names.map(sharedPath);
  const missing = names.filter((_, index) => paths[index] === null);
  const found = paths.filter((path) => path !== null);
  Deno.test({
    name: missing.length === 0 ? title : `${title} [skipped: ${missing.join(", ")} not found]`,
    ignore: missing.length > 0,
    fn: () => body(...found),
  });
}
