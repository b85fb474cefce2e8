/**
 * Writes a static site into a folder: pages, their scripts and Workers, `site.json` and weights. All of it is served as
 * it lies there, below any prefix, without code on the server.
 *
 * @module
 */

import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import look from "../report/page/style.css" with { type: "text" };
import labelLook from "../web/label.css" with { type: "text" };
import studioLook from "../web/studio.css" with { type: "text" };
import { makeFolder, readFile, writeFileSafely } from "../disk/files.ts";
import { UsageError } from "../errors.ts";
import { escaped } from "../report/svg.ts";
import { readSite, type Site, siteFile } from "../web/site.ts";
import { bundleForBrowsers, licencesFile } from "./browser_bundle.ts";

/** A page of a site. */
interface SitePage {
  /** Its script, and the module that it begins with. */
  readonly script: string;
  readonly module: string;
  /** Its Workers, as the script names them, and the modules that these begin with. */
  readonly workers: Readonly<Record<string, string>>;
}

const labelPage: SitePage = { script: "app.js", module: "app.tsx", workers: { "worker.js": "label_worker.ts" } };
const studioPage: SitePage = {
  ...{ script: "studio.js", module: "studio.tsx" },
  workers: { "adapt_worker.js": "adapt_worker.ts" },
};

/** What a site is written from. */
export interface SiteContents {
  /** What the pages know of the network. */
  readonly site: Site;
  /** Files beside the pages, such as weights, by name. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/**
 * Writes a site. Files of an earlier one that the new one does not have are deleted.
 *
 * @returns the names of the files and their bytes.
 * @throws {UsageError} if the folder holds something else.
 * @throws {Error} if something cannot be bundled or written.
 */
export async function writeSite(folder: string, { site, files }: SiteContents): Promise<Map<string, number>> {
  const earlier = earlierFiles(folder);
  const pages = pagesOf(site);
  const entries = [...pages.values()].flatMap((
    { script, module, workers },
  ) => [[script, module], ...Object.entries(workers)]);
  const scripts = await bundleForBrowsers(Object.fromEntries(
    entries.map(([file = "", module = ""]) => [file, new URL(`../web/${module}`, import.meta.url)]),
  ));
  const html = [...pages].map(([file, { script }]): [string, string] => [file, pageHtml(site.title, script)]);
  const written = new Map<string, Uint8Array | string>([
    ...files,
    ...scripts,
    ["style.css", [look, labelLook, studioLook].join("\n")],
    ...html,
    // Last, so that a folder without it is no site.
    [siteFile, `${JSON.stringify(site, null, 2)}\n`],
  ]);
  makeFolder(folder);
  for (const [name, contents] of written) writeFileSafely(join(folder, name), contents);
  for (const name of earlier) if (!written.has(name)) rmSync(join(folder, name), { force: true });
  const sizeOf = (contents: Uint8Array | string) => new TextEncoder().encode(String(contents)).length;
  return new Map(
    [...written].map(([name, contents]) => [name, typeof contents === "string" ? sizeOf(contents) : contents.length]),
  );
}

/** The pages of a site by the names of their files. A site without weights to label with begins with the studio. */
function pagesOf({ weights, studio }: Site): Map<string, SitePage> {
  const labels: [string, SitePage][] = weights.adapted === undefined ? [] : [["index.html", labelPage]];
  const adapts: [string, SitePage][] = studio === undefined
    ? []
    : [[labels.length === 0 ? "index.html" : "studio.html", studioPage]];
  return new Map([...labels, ...adapts]);
}

/**
 * The files of the site that a folder holds; none if there is no folder, or nothing in it.
 *
 * @throws {UsageError} if it holds something else.
 */
function earlierFiles(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  if (names.length === 0) return [];
  const other = new UsageError(
    `${folder} holds something else than a page that crosswalk export wrote (${
      names.toSorted().slice(0, 3).join(", ")
    }` +
      `${names.length > 3 ? ", …" : ""}). Give --web a new or an empty folder`,
  );
  if (!names.includes(siteFile)) throw other;
  try {
    const place = join(folder, siteFile);
    const { weights, studio } = readSite(new TextDecoder().decode(readFile(place)), place);
    const weightFiles = [weights.adapted?.file, weights.source?.file, studio?.source];
    const scripts = [labelPage, studioPage].flatMap(({ script, workers }) => [script, ...Object.keys(workers)]);
    return [
      ...weightFiles.filter((file) => file !== undefined),
      ...scripts,
      "index.html",
      "studio.html",
      "style.css",
      licencesFile,
    ];
  } catch {
    throw other;
  }
}

/** What the pages may load: their own files and what they make themselves, and nothing from elsewhere. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

function pageHtml(title: string, script: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
<script type="module" src="${script}"></script>
</head>
<body>
<div id="page">
<main>
<h1 dir="auto">${escaped(title)}</h1>
<p>The page is loading. If nothing else comes: it needs JavaScript, and must be opened from a web server. Opened as a file
it shows only this.</p>
</main>
</div>
</body>
</html>
`;
}
