/**
 * The library's modules as JavaScript: TypeScript without its types, and texts and data as modules of their own.
 *
 * @module
 */

import * as esbuild from "esbuild";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** The files of a package, and what they import of other packages. */
export interface PackageModules {
  /** Contents by path. */
  readonly files: ReadonlyMap<string, string>;
  /** Names of packages. */
  readonly packages: ReadonlySet<string>;
}

/** `from "…"`, `import("…")` and `import "…"`, with the kind of import that bundlers do not know. */
const imported = /(\bfrom |\bimport\(|\bimport )"([^"]+)"( with \{ type: "(?:text|json)" \})?/g;
/** A file beside the module that is named by its URL, such as a Worker's. */
const beside = /new URL\("(\.[^"]+)", import\.meta\.url\)/g;

/**
 * Turns modules and all that they import into JavaScript that browsers and bundlers take as it is.
 *
 * @param root the repository.
 * @param entries paths of modules in it.
 */
export async function packageModules(root: string, entries: readonly string[]): Promise<PackageModules> {
  const files = new Map<string, string>();
  const packages = new Set<string>();
  const pending = [...entries];
  const seen = new Set(pending);
  const meet = (from: string, specifier: string) => {
    const path = normalize(join(dirname(from), specifier));
    if (!seen.has(path)) pending.push(path);
    seen.add(path);
  };
  try {
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
      const text = readFileSync(join(root, path), "utf8");
      if (!path.endsWith(".ts")) {
        files.set(scriptPath(path), `export default ${path.endsWith(".json") ? text.trim() : JSON.stringify(text)};\n`);
        continue;
      }
      // Imports of types alone are gone afterwards, and with them what only they lead to.
      const { code } = await esbuild.transform(text, {
        loader: "ts",
        format: "esm",
        target: "es2022",
        charset: "utf8",
      });
      const own = path;
      files.set(
        scriptPath(path),
        code.replace(imported, (_, before: string, specifier: string) => {
          if (specifier.startsWith(".")) meet(own, specifier);
          else packages.add(packageName(specifier));
          return `${before}"${specifier.startsWith(".") ? scriptPath(specifier) : specifier}"`;
        }).replace(beside, (whole, specifier: string) => {
          if (!specifier.endsWith(".ts")) return whole;
          meet(own, specifier);
          return `new URL("${scriptPath(specifier)}", import.meta.url)`;
        }),
      );
    }
  } finally {
    await esbuild.stop();
  }
  return { files, packages };
}

/** What a module is called in the package. */
function scriptPath(path: string): string {
  return path.endsWith(".ts") ? `${path.slice(0, -3)}.js` : `${path}.js`;
}

function packageName(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}
