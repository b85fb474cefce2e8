/**
 * What holds for the source as a whole: imports point one way, the public module runs in browsers, files stay readable.
 */

import { assertEquals } from "@std/assert";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { options } from "../src/settings/options.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A folder may import from its own level and below. */
const levels: Readonly<Record<string, number>> = {
  ...{ gpu: 0, formats: 0, graph: 1, disk: 1, ops: 2, data: 2, town: 2, metrics: 2, nn: 3, optim: 4 },
  ...{ selftest: 5, tuning: 5, selftraining: 5, report: 5, settings: 6, run: 7, cli: 8, web: 8 },
};

function* files(folder: string, ending: string): Generator<string> {
  for (const entry of Deno.readDirSync(join(root, folder))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* files(path, ending);
    else if (entry.name.endsWith(ending)) yield path;
  }
}

function imports(path: string): string[] {
  const text = Deno.readTextFileSync(join(root, path));
  return [...text.matchAll(/(?:from|import\() ?"(\.[^"]+\.tsx?)"/g)].map(([, target = ""]) =>
    normalize(join(dirname(path), target))
  );
}

function levelOf(path: string): number {
  return levels[path.split("/")[1] ?? ""] ?? -1;
}

Deno.test("imports point one way: cli, run, selftraining, nn, ops, graph, gpu", () => {
  const wrong: string[] = [];
  for (const path of [...files("src", ".ts"), ...files("src", ".tsx")]) {
    for (const target of imports(path)) {
      const isSource = target.startsWith("src/") && target.split("/").length > 2;
      if (isSource && levelOf(target) > levelOf(path)) wrong.push(`${path} imports ${target}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("nothing but the benchmark commands imports bench/, and nothing but tests imports tests/", () => {
  const product = ["mod.ts", "cli.ts", ...files("src", ".ts"), ...files("bench", ".ts")];
  const wrong = product.flatMap((path) => {
    // Files named by `new URL` count as well.
    const text = Deno.readTextFileSync(join(root, path));
    const named = [...text.matchAll(/["`](\.{1,2}\/[^"`$]*)/g)].map(([, target = ""]) =>
      normalize(join(dirname(path), target))
    );
    const mayUseBench = path.startsWith("bench/") || /^src\/(cli|web)\/bench/.test(path);
    return named.filter((target) => target.startsWith("tests/") || (target.startsWith("bench/") && !mayUseBench)).map((
      target,
    ) => `${path} uses ${target}`);
  });
  assertEquals(wrong, []);
});

/** What browsers run: pages and their Workers. */
const web = [...files("src/web", ".ts"), ...files("src/web", ".tsx")];

Deno.test("src/web imports nothing of the command line, of run folders or of the disk", () => {
  const named = web.flatMap((path) => imports(path).map((target) => ({ path, target })))
    .filter(({ target }) => /^src\/(run|cli|disk)\//.test(target));
  assertEquals(named, []);
});

/** Files that run in browsers, with all that they import: the library, what loads images by their URLs, the pages. */
const portable = ["mod.ts", "src/data/loader.ts", "src/data/decode_worker.ts", "src/data/dataset.ts", ...web];

Deno.test("nothing that the portable files import uses Deno or the file system", () => {
  const seen = new Set<string>();
  const pending = [...portable];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    pending.push(...imports(path));
  }
  const wrong = [...seen].filter((path) => {
    const code = Deno.readTextFileSync(join(root, path)).replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
    return /\bDeno\.|"node:/.test(code);
  });
  assertEquals(wrong, []);
});

Deno.test("adaptation in a browser is the loop of the command line, with a store, a loader and a page of its own", () => {
  const reached = new Set<string>();
  const pending = ["src/web/adapt_worker.ts"];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    pending.push(...imports(path));
  }
  for (const shared of ["selftraining/adapt.ts", "selftraining/labelling.ts", "settings/method.ts", "data/mining.ts"]) {
    assertEquals(reached.has(`src/${shared}`), true, shared);
  }
  const own = web.filter((path) => /\/(studio\w*|opfs_\w+|store_files|stored_samples|run_images)\.tsx?$/.test(path));
  const lines = own.flatMap((path) =>
    Deno.readTextFileSync(join(root, path)).replaceAll(/\/\*[^]*?\*\//g, "").split("\n")
      .filter((line) => line.trim() !== "" && !line.trim().startsWith("//"))
  );
  assertEquals(own.length > 8 && lines.length < 1500, true, `${own.join(", ")}: ${lines.length} lines of code`);
});

Deno.test("mod.ts exports everything by name", () => {
  const text = Deno.readTextFileSync(join(root, "mod.ts"));
  assertEquals(text.match(/^export \*.*$/gm) ?? [], []);
});

/** A way along imports from a file back to itself, among the files of a folder; `null` where there is none. */
function circle(folder: string): readonly string[] | null {
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): readonly string[] | null => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return null;
    for (const target of imports(path)) {
      const found = target.startsWith(`${folder}/`) ? visit(target, [...way, path]) : null;
      if (found !== null) return found;
    }
    done.add(path);
    return null;
  };
  for (const path of files(folder, ".ts")) {
    const found = visit(path, []);
    if (found !== null) return found;
  }
  return null;
}

for (const folder of ["src/run", "src/selftraining", "src/data"]) {
  Deno.test(`no file of ${folder} imports itself by way of others`, () => assertEquals(circle(folder), null));
}

Deno.test("the library names no option of the command line", () => {
  const rooms = Object.keys(levels).filter((room) => !["settings", "run", "cli"].includes(room));
  const named = options.map(({ key }) => new RegExp(`--(no-)?${key}(?![a-z-])`));
  const wrong = ["src/errors.ts", ...rooms.flatMap((room) => [...files(`src/${room}`, ".ts")])].flatMap((path) => {
    // Variables of style sheets look like options, and are none.
    const text = Deno.readTextFileSync(join(root, path)).replaceAll(/var\(--[\w-]+|style="--[\w-]+:/g, "");
    const found = [
      ...named.flatMap((name) => name.exec(text)?.[0] ?? []),
      ...text.match(/["'`(:]--[a-z][a-z-]+/g) ?? [],
    ];
    return found.map((name) => `${path} names ${name}`);
  });
  assertEquals(wrong, []);
});

Deno.test("no source file is longer than 500 lines", () => {
  const long = ["src", "shaders", "bench", "tests"].flatMap((
    folder,
  ) => [...files(folder, ".ts"), ...files(folder, ".wgsl")])
    .filter((path) => Deno.readTextFileSync(join(root, path)).split("\n").length > 500);
  assertEquals(long.map((path) => relative(".", path)), []);
});

Deno.test("every shader starts by saying what it is", () => {
  const silent = [...files("shaders", ".wgsl")].filter((path) =>
    !Deno.readTextFileSync(join(root, path)).startsWith("// ")
  );
  assertEquals(silent, []);
});

Deno.test("comments of shaders fit 120 columns", () => {
  const long = [...files("shaders", ".wgsl")].flatMap((path) => {
    const lines = Deno.readTextFileSync(join(root, path)).split("\n").entries();
    return [...lines].filter(([, line]) => line.trim().startsWith("//") && [...line].length > 120)
      .map(([index]) => `${path}:${index + 1}`);
  });
  assertEquals(long, []);
});

Deno.test("no shader takes the place in x for its index: a long row of workgroups is folded into x and y", () => {
  const wrong = [...files("shaders", ".wgsl")].filter((path) =>
    Deno.readTextFileSync(join(root, path)).includes("global_invocation_id")
  );
  assertEquals(wrong, []);
});

Deno.test("every op of mod.ts is named by a test of its own family", async () => {
  const library: Readonly<Record<string, unknown>> = await import("../mod.ts");
  const exported = [
    ...Deno.readTextFileSync(join(root, "mod.ts")).matchAll(/^export \{([^}]*)\} from ".\/src\/ops\/(\w+)\//gm),
  ];
  const untested = exported.flatMap(([, names = "", family = ""]) => {
    const tests = [...files(`tests/ops/${family}`, "_test.ts")].map((path) => Deno.readTextFileSync(join(root, path)))
      .join();
    const ops = names.split(",").map((name) => name.trim()).filter((name) => /^[a-z]\w*$/.test(name))
      .filter((name) => typeof library[name] === "function");
    return ops.filter((name) => !tests.includes(`${name}(`));
  });
  assertEquals(untested, []);
});
