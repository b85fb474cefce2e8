/**
 * The product's front door as a folder of files that any server can hand out: the start page, the pages that adapt and
 * label, the benchmark, and the documentation. `deno task site` writes it into `site/`.
 *
 * @module
 */

import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.ts";
import { documentPages } from "./documents.ts";
import { frontPage } from "./front_page.ts";
import { pageHtml } from "./shell.ts";

/** The repository. */
const root = fileURLToPath(new URL("..", import.meta.url));

/** A crossing, seen from above. */
const icon =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#333"/>
<path d="M3 3v10M6.3 3v10M9.7 3v10M13 3v10" stroke="#fff" stroke-width="1.7"/></svg>
`;

/**
 * Writes the start page, the benchmark and the documentation. The pages that adapt and label are `crosswalk export`'s.
 *
 * @param folder gets the files; it is made if need be.
 */
export async function writePages(folder: string): Promise<void> {
  const write = (path: string, contents: string | Uint8Array) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), contents);
  };
  const text = (path: string) => readFileSync(join(root, path), "utf8");
  write("icon.svg", icon);
  write("style.css", `${text("src/report/page/style.css")}\n${text("publish/site.css")}`);
  await writeBench(write);
  const documents = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md")).map((name) =>
    `docs/${name}`
  );
  const { pages, pictures } = documentPages(root, ["README.md", ...documents.sort(), "shaders/README.md"]);
  for (const [path, html] of pages) write(path, html);
  write("index.html", frontPage());
  for (const path of [...pictures, "docs/images/town.png", "docs/images/lidar.png"]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    copyFileSync(join(root, path), join(folder, path));
  }
}

type Write = (path: string, contents: string | Uint8Array) => void;

/** The page of the benchmark, its Worker, and the fixtures that the Worker fetches beside itself. */
async function writeBench(write: Write): Promise<void> {
  const entries = ["src/web/bench.tsx", "src/web/bench_worker.ts"].map((path) => join(root, path));
  for (const { name, bytes } of await bundle(entries)) write(name, bytes);
  const fixtures = join(root, "src/selftest/fixtures");
  for (const name of readdirSync(fixtures).filter((name) => name.endsWith(".safetensors"))) {
    write(`fixtures/${name}`, readFileSync(join(fixtures, name)));
  }
  const main = `<h1>Benchmark</h1>
<p class="lead">What this computer's GPU can do in this browser: the adapter's peaks, and every kernel of the engine,
checked against its fixture and timed.</p>
<noscript><p>This page computes in the browser, which needs JavaScript.</p></noscript>
<div id="app"></div>`;
  const page = { title: "Benchmark – Crosswalk", root: "", main, scripts: ["bench.js"] };
  write("bench.html", pageHtml(page, "bench.html"));
}

if (import.meta.main) {
  const [folder = join(root, "site")] = Deno.args;
  await writePages(folder);
  console.log(`site  ${folder}`);
}
