/**
 * Bundles TypeScript for browsers with esbuild. Packages are those that Deno has fetched: there is no `node_modules`
 * folder, so esbuild is told where each of them lies.
 *
 * @module
 */

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { errorText } from "../errors.ts";
import { build, type OnResolveArgs, type Plugin, stop } from "esbuild";

/**
 * Bundles modules with all that they import, minified, for browsers that have WebGPU. Each file is a module of its own.
 *
 * @param entries the TypeScript module that each file begins with, by the name of the file.
 * @returns the bytes of each file.
 * @throws {Error} with esbuild's messages, if something cannot be bundled.
 */
export async function bundleForBrowsers(
  entries: Readonly<Record<string, URL>>,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const folder = "/";
  try {
    const { outputFiles } = await build({
      entryPoints: Object.entries(entries).map(([file, url]) => ({ in: fileURLToPath(url), out: withoutEnding(file) })),
      ...{ bundle: true, minify: true, write: false, outdir: folder, format: "esm" },
      ...{ platform: "browser", target: "es2022", charset: "utf8", legalComments: "none", logLevel: "silent" },
      ...{ jsx: "automatic", jsxImportSource: "preact" },
      plugins: [packagesOfDeno],
    });
    return new Map(outputFiles.map(({ path, contents }) => [path.slice(folder.length), Uint8Array.from(contents)]));
  } catch (error) {
    if (error instanceof Error && "errors" in error) throw error;
    throw new Error(
      `Cannot start esbuild, which bundles the page's scripts (${
        errorText(error)
      }). ./crosswalk gives export the right to ` +
        "start it; without the launcher it takes --allow-run. If it is not installed: deno install",
      { cause: error },
    );
  } finally {
    await stop();
  }
}

function withoutEnding(file: string): string {
  return file.replace(/\.js$/, "");
}

/** Marks a question that the plugin itself asks of esbuild. */
const asked = "asked by the plugin";

/** Finds packages in Deno's cache. Inside a package's folder esbuild finds it by its own name, by its own rules. */
const packagesOfDeno: Plugin = {
  name: "packages of Deno",
  setup(bundle) {
    bundle.onResolve({ filter: /^[^./]/ }, (args) => {
      if (args.pluginData === asked || args.kind === "entry-point") return undefined;
      const { path, kind } = args;
      return bundle.resolve(path, { kind, resolveDir: packageFolder(args), pluginData: asked });
    });
  },
};

/** The folder of the package that a file imports. */
function packageFolder({ path, importer }: OnResolveArgs): string {
  const name = path.split("/").slice(0, path.startsWith("@") ? 2 : 1).join("/");
  // Files of this program name packages as deno.json does, files of packages as their package.json does. The launcher
  // keeps packages in a hidden folder of the checkout.
  const isOwn = !/^(\.|node_modules)/.test(relative(own, importer));
  const place = isOwn ? fileURLToPath(import.meta.resolve(name)) : createRequire(importer).resolve(name);
  for (let folder = dirname(place); folder !== dirname(folder); folder = dirname(folder)) {
    const description = join(folder, "package.json");
    if (!existsSync(description)) continue;
    const found: unknown = JSON.parse(readFileSync(description, "utf8"));
    if (typeof found === "object" && found !== null && "name" in found && found.name === name) return folder;
  }
  throw new Error(`The package ${name}, which ${importer} imports, is not in Deno's cache. Run deno install`);
}

/** The folder of this program. */
const own = fileURLToPath(new URL("../../", import.meta.url));
