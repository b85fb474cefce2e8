/**
 * The product's front door as a folder of files that any server can hand out: the start page, the pages that adapt and
 * label, the benchmark, and the documentation. `deno task site` writes it into `site/`.
 *
 * @module
 */

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run as adapt } from "../src/cli/adapt.ts";
import { bundleForBrowsers } from "../src/cli/browser_bundle.ts";
import { run as exportSite } from "../src/cli/export.ts";
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
 * Writes the start page, the benchmark and the documentation.
 *
 * @param folder gets the files; it is made if need be.
 * @param contents whether the site has the report of a run too, to which the start page leads then.
 */
export async function writePages(folder: string, contents: { readonly hasReport: boolean }): Promise<void> {
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
  write("index.html", frontPage(contents));
  for (const path of [...pictures, "docs/images/town.png", "docs/images/lidar.png"]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    copyFileSync(join(root, path), join(folder, path));
  }
}

type Write = (path: string, contents: string | Uint8Array) => void;

/** The page of the benchmark, its Worker, and the fixtures that the Worker fetches beside itself. */
async function writeBench(write: Write): Promise<void> {
  const scripts = await bundleForBrowsers({
    "bench.js": new URL("../src/web/bench.tsx", import.meta.url),
    "bench_worker.js": new URL("../src/web/bench_worker.ts", import.meta.url),
  });
  for (const [name, bytes] of scripts) write(name, bytes);
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

/**
 * Writes the pages that adapt and label, as `crosswalk export` writes them, and the report of the run that the network
 * comes from.
 *
 * @param run folder of a finished run of `crosswalk adapt`.
 */
export async function writeApps(folder: string, run: string): Promise<void> {
  const weights = join(run, "weights.safetensors");
  await exportSite(["--web", join(folder, "label"), "--weights", weights, "--title", "Label pictures of streets"]);
  await exportSite(["--web", join(folder, "studio"), "--studio", "--title", "Adapt a network to your streets"]);
  const report = join(run, "report.html");
  if (!existsSync(report)) return;
  mkdirSync(join(folder, "run"), { recursive: true });
  copyFileSync(report, join(folder, "run", "report.html"));
}

if (import.meta.main) {
  const [given] = Deno.args;
  const run = given ?? join(root, "runs", "site");
  if (given === undefined && !existsSync(join(run, "weights.safetensors"))) {
    console.log(`The page that labels needs a network: it is adapted in ${run}, which takes minutes.`);
    const code = await adapt(["--out", run, ...existsSync(run) ? ["--resume"] : []]);
    if (code !== 0) Deno.exit(code);
  }
  const folder = join(root, "site");
  await writePages(folder, { hasReport: existsSync(join(run, "report.html")) });
  await writeApps(folder, run);
  console.log(`The site is in ${folder}. On this computer: python3 -m http.server --directory ${folder} 8080`);
}
