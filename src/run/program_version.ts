/**
 * Which program this is: its version, and a digest of the code that decides about results.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import configuration from "../../deno.json" with { type: "json" };

/** What shows results or reads arguments, and so does not change them. */
const outside = new Set(["cli", "report", "selftest", "web"]);

/**
 * The version, and a digest of the sources, the shaders, the label sets and the packages; `null` if their files cannot be
 * read.
 */
export function programVersion(): { readonly version: string; readonly code: string | null } {
  return { version: configuration.version, code: codeDigest() };
}

function codeDigest(): string | null {
  const root = new URL("../../", import.meta.url);
  if (root.protocol !== "file:") return null;
  const folder = fileURLToPath(root);
  try {
    const rooms = readdirSync(join(folder, "src")).filter((room) => !outside.has(room)).map((room) =>
      join("src", room)
    );
    const folders = [...rooms, "shaders", "label_sets"];
    const files = [...folders.flatMap((inside) => filesIn(folder, inside)), "deno.lock"].sort();
    const hash = createHash("sha256");
    for (const file of files) hash.update(`${file}\n`).update(readFileSync(join(folder, file)));
    return hash.digest("hex");
  } catch {
    // Without the right to read them, or in a bundle, the version has to do.
    return null;
  }
}

/** The files of a folder, or the file itself, with `/` between the parts of their paths. */
function filesIn(root: string, path: string): string[] {
  if (/\.(ts|wgsl|json)$/.test(path)) return [path];
  const endings = path === "label_sets" ? /\.json$/ : /\.(ts|wgsl)$/;
  return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.test(entry.name))
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)).replaceAll("\\", "/"));
}
