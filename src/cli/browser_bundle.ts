/**
 * Bundles TypeScript for browsers with esbuild. Packages are those that Deno has fetched: there is no `node_modules`
 * folder, so esbuild is told where each of them lies.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { errorText } from "../errors.ts";
import * as v from "valibot";
import { build, type Metafile, type OnResolveArgs, type Plugin, stop } from "esbuild";

/** The file with the licences of everything that the scripts hold. */
export const licencesFile = "licences.txt";

/**
 * Bundles modules with all that they import, minified, for browsers that have WebGPU. Each file is a module of its own.
 *
 * @param entries the TypeScript module that each file begins with, by the name of the file.
 * @returns the bytes of each file, and the licences of what is in them as {@link licencesFile}.
 * @throws {Error} with esbuild's messages, if something cannot be bundled.
 */
export async function bundleForBrowsers(
  entries: Readonly<Record<string, URL>>,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const folder = "/";
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: Object.entries(entries).map(([file, url]) => ({ in: fileURLToPath(url), out: withoutEnding(file) })),
      ...{ bundle: true, minify: true, write: false, outdir: folder, format: "esm" },
      ...{ platform: "browser", target: "es2022", charset: "utf8", legalComments: "none", logLevel: "silent" },
      ...{ jsx: "automatic", jsxImportSource: "preact", metafile: true },
      plugins: [packagesOfDeno],
    });
    const scripts = outputFiles.map(({ path, contents }) =>
      [path.slice(folder.length), Uint8Array.from(contents)] as const
    );
    return new Map([...scripts, [licencesFile, new TextEncoder().encode(licencesOf(metafile))]]);
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

/** What describes a whole package. Folders within one may have descriptions too, which name nothing or are private. */
const descriptionSchema = v.object({
  ...{ name: v.string(), version: v.string(), license: v.string() },
  private: v.exactOptional(v.literal(false)),
});

/** The licences of this program and of the packages whose code is in the scripts. Most ask to be handed on with it. */
function licencesOf({ outputs }: Metafile): string {
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => bytesInOutput > 0 ? [resolve(file)] : [])
  );
  const packages = files.filter((file) => !isOwn(file)).map(packageOf);
  const parts = [...new Map(packages.map((one) => [one.folder, one])).values()].map(({ folder, title }) => {
    const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
    return [title, ...texts.map((file) => readFileSync(join(folder, file), "utf8"))];
  }).sort();
  const all = [["Crosswalk: MIT", readFileSync(join(own, "LICENSE"), "utf8")], ...parts];
  return all.map((part) => part.map((text) => `${text.trim()}\n`).join("\n")).join(`\n${"-".repeat(80)}\n\n`);
}

/** The package that a file belongs to. */
function packageOf(file: string): { readonly folder: string; readonly title: string } {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const description = join(folder, "package.json");
    if (!existsSync(description)) continue;
    const found = v.safeParse(descriptionSchema, JSON.parse(readFileSync(description, "utf8")));
    if (!found.success) continue;
    const { name, version, license } = found.output;
    return { folder, title: `${name} ${version}: ${license}` };
  }
  throw new Error(`${file} belongs to no package`);
}

/** Whether a file is one of this program. The launcher keeps packages in a hidden folder of the checkout. */
function isOwn(file: string): boolean {
  return !/^(\.|node_modules)/.test(relative(own, file));
}

/** The folder of the package that a file imports. */
function packageFolder({ path, importer }: OnResolveArgs): string {
  const name = path.split("/").slice(0, path.startsWith("@") ? 2 : 1).join("/");
  // Files of this program name packages as deno.json does, files of packages as their package.json does.
  const place = isOwn(importer) ? fileURLToPath(import.meta.resolve(name)) : createRequire(importer).resolve(name);
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
