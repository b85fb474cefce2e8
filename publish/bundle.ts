/**
 * Bundles code for browsers with esbuild.
 *
 * @module
 */

import * as esbuild from "esbuild";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** A bundled file. */
export interface Bundled {
  /** Its name, such as `bench_worker.js`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Bundles each of these modules, with all that it imports, into one ES module of the same name.
 *
 * @param entries full paths of TypeScript files.
 * @throws {Error} with esbuild's messages.
 */
export async function bundle(entries: readonly string[]): Promise<Bundled[]> {
  try {
    const { outputFiles } = await esbuild.build({
      entryPoints: [...entries],
      ...{ bundle: true, minify: true, write: false, outdir: "/", entryNames: "[name]" },
      // Browsers with WebGPU have all of ES2022, but not all have `using`.
      ...{ format: "esm", platform: "browser", target: "es2022", legalComments: "none" },
      ...{ jsx: "automatic", jsxImportSource: "preact" },
      plugins: [packagesOfDeno],
      logLevel: "silent",
    });
    return outputFiles.map(({ path, contents }) => ({ name: path.slice(path.lastIndexOf("/") + 1), bytes: contents }));
  } finally {
    // It is a process, which would keep the program alive.
    await esbuild.stop();
  }
}

/**
 * Finds packages where Deno keeps them, since there is no `node_modules`. Deno knows a package's folder; which of its
 * files browsers take, esbuild reads in its `package.json`.
 */
const packagesOfDeno: esbuild.Plugin = {
  name: "packages of Deno",
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, async ({ path, importer, kind, pluginData }) => {
      if (kind === "entry-point" || pluginData === ownNames) return;
      const file = fileOf(path, importer);
      if (file === null) return;
      const folder = folderOfFile(file);
      if (folder === null) return { path: file };
      const own = await build.resolve(path, { resolveDir: folder, kind, pluginData: ownNames });
      return { path: own.errors.length === 0 ? own.path : file };
    });
  },
};

const ownNames = "a package that imports itself by its name";

function fileOf(path: string, importer: string): string | null {
  try {
    const url = import.meta.resolve(path);
    if (url.startsWith("file:")) return fileURLToPath(url);
  } catch {
    // It is not in deno.json: a package needs it.
  }
  const found = createRequire(pathToFileURL(importer)).resolve(path);
  return found.startsWith("/") ? found : null;
}

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
