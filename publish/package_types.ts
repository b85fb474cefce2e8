/**
 * The library's declarations, made by TypeScript's own compiler.
 *
 * @module
 */

import { dirname, join, relative } from "node:path";
import ts from "typescript";
import configuration from "../deno.json" with { type: "json" };
import { packageFile, packageFolder } from "./packages.ts";

/**
 * Declarations of a module and of all that its declarations name, by path.
 *
 * @param root the repository.
 * @param entry path of the module in it.
 * @throws {Error} with the compiler's messages.
 */
export function packageTypes(
  root: string,
  entry: string,
): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  // TypeScript looks for packages in a folder `node_modules`, which there is none of.
  const paths = Object.fromEntries(
    Object.keys(configuration.imports).flatMap((name) => {
      const folder = packageFolder(name);
      return folder === null ? [] : [[name, [packageFile(name) ?? folder, folder]], [`${name}/*`, [`${folder}/*`]]];
    }),
  );
  const options: ts.CompilerOptions = {
    ...{ declaration: true, emitDeclarationOnly: true, rootDir: root, outDir: root, paths },
    // `deno check` checks the sources, and the tests what is made of them.
    ...{ noCheck: true, skipLibCheck: true },
    ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noImplicitOverride: true },
    ...{ allowImportingTsExtensions: true, resolveJsonModule: true, lib: [...libraries], types: [] },
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const ambient = [join(root, "publish/ambient.d.ts"), join(packageFolder("@webgpu/types") ?? "", "dist/index.d.ts")];
  const program = ts.createProgram([...ambient, join(root, entry)], options);
  const { diagnostics } = program.emit(undefined, (path, text) => void files.set(relative(root, path), text));
  const found = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (found.length > 0) throw new Error(`The declarations could not be made:\n${messages(found, root)}`);
  return named(files, entry.replace(/\.ts$/, ".d.ts"));
}

/** Other modules that declarations name. */
const namedModule = /(\bfrom |\bimport\()"(\.[^"]+)\.ts"/g;

/** Of these declarations the entry's and those that it leads to, with modules named as the package has them. */
function named(files: ReadonlyMap<string, string>, entry: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const pending = [entry];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const text = files.get(path);
    if (text === undefined) throw new Error(`The declarations need ${path}, which the compiler did not write`);
    if (found.has(path)) continue;
    found.set(path, text.replace(namedModule, '$1"$2.js"'));
    for (const [, , module = ""] of text.matchAll(namedModule)) pending.push(join(dirname(path), `${module}.d.ts`));
  }
  return found;
}

/** What browsers have. */
const libraries = ["lib.esnext.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts", "lib.dom.asynciterable.d.ts"];

/** TypeScript's messages, a line each. */
export function messages(diagnostics: readonly ts.Diagnostic[], root: string): string {
  return ts.formatDiagnostics(diagnostics, {
    getCurrentDirectory: () => root,
    getCanonicalFileName: (path) => path,
    getNewLine: () => "\n",
  });
}
