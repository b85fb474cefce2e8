/**
 * The library as an npm package: ES modules and declarations. `deno task package` writes it into `dist/npm/`.
 *
 * @module
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import configuration from "../deno.json" with { type: "json" };
import { packageModules } from "./package_modules.ts";
import { packageTypes } from "./package_types.ts";

/** The repository. */
const root = fileURLToPath(new URL("..", import.meta.url));

const entry = "mod.ts";

/**
 * Writes the package.
 *
 * @param folder gets the files. What it holds is deleted before.
 */
export async function writePackage(folder: string): Promise<void> {
  const { files, packages } = await packageModules(root, [entry]);
  const types = packageTypes(root, entry);
  rmSync(folder, { recursive: true, force: true });
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const [path, text] of files) write(path, text);
  for (const [path, text] of types) {
    write(path, path === "mod.d.ts" ? `/// <reference types="@webgpu/types" />\n${text}` : text);
  }
  write("package.json", `${JSON.stringify(description(packages), null, 2)}\n`);
  write("README.md", readme);
  write("LICENSE", readFileSync(join(root, "LICENSE"), "utf8"));
}

/** The contents of `package.json`. */
function description(packages: ReadonlySet<string>) {
  const { name, version, license, imports } = configuration;
  const wanted = new Map(Object.entries(imports));
  const dependencies = [...packages, "@webgpu/types"].sort().map((own) => {
    const range = wanted.get(own)?.replace(/^npm:.+@/, "");
    if (range === undefined) throw new Error(`The package needs ${own}, which is not in deno.json`);
    return [own, range];
  });
  return {
    name,
    version,
    license,
    description: "A tensor engine on WebGPU, and class-balanced self-training on it",
    type: "module",
    sideEffects: false,
    exports: { ".": { types: "./mod.d.ts", default: "./mod.js" }, "./package.json": "./package.json" },
    dependencies: Object.fromEntries(dependencies),
  };
}

const readme = `# Crosswalk

A tensor engine on WebGPU, with hand-written WGSL kernels, and class-balanced self-training of segmentation networks.
It runs in browsers, in their Workers, and in Deno.

\`\`\`js
import { Gpu, input, Program, relu } from "${configuration.name}";

using gpu = await Gpu.open();
const x = input("x", [1, 4, 1, 1]);
using program = await Program.compile(gpu, { outputs: { y: relu(x) } });
program.write("x", Float32Array.of(-1, 2, -3, 4));
program.run();
console.log(await program.read("y"));
\`\`\`
`;

if (import.meta.main) {
  const [folder = join(root, "dist", "npm")] = Deno.args;
  await writePackage(folder);
  console.log(`package  ${folder}`);
}
