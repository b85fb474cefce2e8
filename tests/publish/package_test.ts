/**
 * The npm package: a page of five lines is built from it with esbuild, as whoever takes the package does, and is run;
 * its declarations are those that TypeScript's own compiler takes.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import * as esbuild from "esbuild";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import ts from "typescript";
import { folderOfFile, packageFolder } from "../../publish/packages.ts";
import { writePackage } from "../../publish/package.ts";
import { messages } from "../../publish/package_types.ts";
import { assertAccessible, browserTest, withPage, withSite } from "../browser/harness.ts";

/** A project that has the package, and what it depends on, in its `node_modules`. */
const project = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(project, { recursive: true }));
const folder = join(project, "node_modules/@crosswalk/crosswalk");
await writePackage(folder);
const description = JSON.parse(await Deno.readTextFile(join(folder, "package.json")));
await link(Object.keys(description.dependencies), (name) => packageFolder(name) ?? "");

/** Puts packages, and what they need in their turn, into the project. */
async function link(names: readonly string[], folderOf: (name: string) => string): Promise<void> {
  for (const name of names) {
    const place = join(project, "node_modules", name);
    if (existsSync(place)) continue;
    const target = folderOf(name);
    await Deno.mkdir(dirname(place), { recursive: true });
    await Deno.symlink(target, place);
    const { dependencies = {} } = JSON.parse(await Deno.readTextFile(join(target, "package.json")));
    const { resolve } = createRequire(join(target, "package.json"));
    await link(Object.keys(dependencies), (own) => folderOfFile(resolve(own)) ?? "");
  }
}

const page = `import { Gpu, input, Program, relu } from "@crosswalk/crosswalk";
const gpu = await Gpu.open();
const program = await Program.compile(gpu, { outputs: { y: relu(input("x", [1, 4, 1, 1])) } });
program.write("x", Float32Array.of(-1, 2, -3, 4)), program.run();
document.body.append(Object.assign(document.createElement("main"), { textContent: await program.read("y") }));
`;

/** Bundles a module of the project. */
async function built(contents: string): Promise<Uint8Array> {
  const stdin = { contents, resolveDir: project, loader: "ts" } as const;
  const { outputFiles: [file], warnings } = await esbuild.build({
    ...{ stdin, bundle: true, format: "esm", minify: true, write: false, target: "es2022" },
    preserveSymlinks: true,
  });
  await esbuild.stop();
  assertEquals(warnings, []);
  assert(file !== undefined);
  return file.contents;
}

browserTest("a page of five lines is built from the npm package with esbuild and runs in a browser", async () => {
  const script = new TextDecoder().decode(await built(page));
  const html =
    `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Five lines</title>
<header><h1>Five lines</h1></header><script type="module" src="page.js"></script></html>`;
  await withSite((path) => {
    const [text, type] = path === "page.js" ? [script, "text/javascript"] : [html, "text/html"];
    return new Response(text, { headers: { "content-type": type } });
  }, async ({ url }) => {
    await withPage({}, async (page) => {
      await page.goto(url);
      assertEquals(await page.locator("main").textContent(), "0,2,0,4");
      await assertAccessible(page);
    });
  });
});

Deno.test("what a page does not use costs it nothing, and the package is one of ES modules", async () => {
  assertEquals(description.type, "module");
  assertEquals(description.sideEffects, false);
  const one = await built(`import { relu } from "@crosswalk/crosswalk"; globalThis.relu = relu;`);
  assert(one.length < 20_000, `relu takes ${one.length} bytes`);
  const nothing = await built(`import { conv2d } from "@crosswalk/crosswalk"; console.log(1); if (false) conv2d();`);
  assert(nothing.length < 100, new TextDecoder().decode(nothing));
});

Deno.test("the package runs by itself, without a bundler", async () => {
  const { input, relu, findModel } = await import(`file://${folder}/mod.js`);
  assertEquals(relu(input("images", [1, 4, 2, 2])).shape, [1, 4, 2, 2]);
  assertEquals(findModel("deeplab-nano").name, "deeplab-nano");
});

Deno.test("the package's declarations are taken by TypeScript, and they say what is wrong", async () => {
  const right = page.replace('textContent: await program.read("y")', 'textContent: String(await program.read("y"))');
  const wrong = `import { conv2d, type Gpu, input } from "@crosswalk/crosswalk";
export const open = (gpu: Gpu): number => gpu.info;
conv2d(input("x", [1, 4, 8, 8]), "w");
`;
  const texts = new Map([["right.ts", right], ["wrong.ts", wrong]]);
  for (const [name, text] of texts) await Deno.writeTextFile(join(project, name), text);
  const program = ts.createProgram([...texts.keys()].map((name) => join(project, name)), {
    ...{
      strict: true,
      noEmit: true,
      lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.esnext.disposable.d.ts"],
      types: [],
    },
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  });
  // TypeScript's own libraries take long to check, and are not ours.
  const said = (name: string) => {
    const files = program.getSourceFiles().filter(({ fileName }) => fileName.includes(name));
    assert(files.length > 0, name);
    const found = files.flatMap((
      file,
    ) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]);
    return messages(found, project);
  };
  assertEquals(said("right.ts"), "");
  assertEquals(said("/node_modules/@crosswalk/"), "");
  assertStringIncludes(said("wrong.ts"), "Type 'GPUAdapterInfo' is not assignable to type 'number'");
  assertStringIncludes(said("wrong.ts"), "Argument of type 'string' is not assignable to parameter of type 'Tensor'");
});
