/**
 * Pages in a headless Chromium, driven by Playwright: a server for a folder, a page whose faults are collected, a check
 * of accessibility, and pictures. WebGPU is there on SwiftShader, Chromium's software device.
 *
 * @module
 */

import { fail } from "@std/assert";
import axe from "axe-core";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page, Request as PageRequest } from "playwright-core";
import { chromium } from "../chromium.ts";

export { chromium, type Page };

/** The end of a test's name that says why it is skipped, or nothing. */
export const skipped = chromium === undefined ? " [skipped: no Chromium]" : "";

/** Registers a test that needs a Chromium; without one it is skipped by name. */
export function browserTest(name: string, body: () => Promise<void>): void {
  // Playwright keeps timers and pipes of its own for a while after the browser was closed.
  const unwatched = { sanitizeOps: false, sanitizeResources: false };
  Deno.test({ name: name + skipped, ignore: chromium === undefined, fn: body, ...unwatched });
}

/** A server of a test. */
export interface ServedSite {
  /** Where the site begins. It ends with a slash and has a prefix, since pages must work below any. */
  readonly url: string;
  /** What was asked for, in order: method and path below the prefix, such as `GET app.js`. */
  readonly requests: readonly string[];
}

/** Answers a request. The path is the one below the site's prefix: empty, or without a slash before it. */
export type SiteHandler = (path: string, request: Request) => Response | Promise<Response>;

const contentTypes: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json",
  svg: "image/svg+xml",
  png: "image/png",
  jpg: "image/jpeg",
  wasm: "application/wasm",
};

/**
 * Serves a folder, or what a function answers, below a prefix of a port of this machine, while `body` runs.
 *
 * Files come as any plain server sends them: a folder means its `index.html`, and what is not there is a 404.
 */
export async function withSite(
  site: string | SiteHandler,
  body: (site: ServedSite) => Promise<void>,
): Promise<void> {
  const prefix = "/some/where/";
  const requests: string[] = [];
  const answer = typeof site === "string" ? filesOf(site) : site;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    const path = decodeURIComponent(pathname);
    if (!path.startsWith(prefix)) {
      requests.push(`${request.method} ${path}`);
      return new Response("There is nothing outside the prefix.", { status: 404 });
    }
    requests.push(`${request.method} ${path.slice(prefix.length)}`);
    return answer(path.slice(prefix.length), request);
  });
  try {
    await body({ url: `http://127.0.0.1:${server.addr.port}${prefix}`, requests });
  } finally {
    await server.shutdown();
  }
}

function filesOf(folder: string): SiteHandler {
  return async (path) => {
    const name = path === "" || path.endsWith("/") ? `${path}index.html` : path;
    if (name.split("/").includes("..")) return new Response(null, { status: 404 });
    try {
      const bytes = await Deno.readFile(`${folder}/${name}`);
      const type = contentTypes[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
      return new Response(bytes, { headers: { "content-type": type } });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return new Response(null, { status: 404 });
    }
  };
}

/** How a page is opened. */
export interface PageOptions {
  /** Default: `"light"`. */
  readonly colorScheme?: "light" | "dark";
  /** In CSS pixels. Default: 1280×800. */
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Seconds that one action on the page, such as a click or a wait, may take. Default: 60. */
  readonly seconds?: number;
  /** Rights that the page has without asking, such as `"clipboard-read"` or `"camera"`. */
  readonly permissions?: readonly string[];
  /** More flags of Chromium, such as those of a camera that is made up. */
  readonly flags?: readonly string[];
}

/**
 * Opens a page in a browser of its own, closes it afterwards, and fails if the page had a fault: a console error, an
 * exception that nothing caught, or a request that is not the page's own.
 *
 * Only one browser of this checkout runs at a time; others wait. SwiftShader would crash, or take all processors.
 *
 * @param body gets the page and the faults so far. Further pages of the same profile come by `page.context().newPage()`;
 * their faults are collected too. A test that provokes faults takes them off the list: `faults.splice(0)`.
 */
export async function withPage(
  options: PageOptions,
  body: (page: Page, faults: string[]) => Promise<void>,
): Promise<void> {
  if (chromium === undefined) throw new Error("There is no Chromium: ask `chromium` before");
  const { colorScheme = "light", viewport = { width: 1280, height: 800 }, seconds = 60 } = options;
  using _turn = await turn();
  const browser = await launch(chromium, options.flags ?? []);
  try {
    const context = await browser.newContext({
      ...{ colorScheme, viewport, acceptDownloads: true },
      permissions: [...options.permissions ?? []],
    });
    context.setDefaultTimeout(1000 * seconds);
    const faults: string[] = [];
    collectFaults(context, faults);
    const page = await context.newPage();
    try {
      await body(page, faults);
    } catch (error) {
      // What the page says itself is often why a wait was in vain.
      if (error instanceof Error && faults.length > 0) error.message += `\nThe page has faults:\n${faults.join("\n")}`;
      throw error;
    }
    if (faults.length > 0) fail(`The page has faults:\n${faults.join("\n")}`);
  } finally {
    await browser.close();
  }
}

async function launch(executablePath: string, flags: readonly string[]): Promise<Browser> {
  // Playwright asks at its start whether this is Windows' Linux, by a file below /proc/sys, which tests may not read.
  // With this variable, that package's own, it does not ask; only Playwright's inspector would want to know.
  Deno.env.set("__IS_WSL_TEST__", "1");
  const { chromium } = await import("playwright-core");
  const args = ["--no-sandbox", "--enable-unsafe-webgpu", ...flags];
  return await chromium.launch({ executablePath, args, timeout: 60_000 });
}

/** Waits until no other browser of this checkout runs, also in other threads and processes of a parallel test run. */
async function turn(): Promise<Disposable> {
  const file = await Deno.open(fileURLToPath(import.meta.url), { read: true });
  await file.lock(true);
  return file;
}

function collectFaults(context: BrowserContext, faults: string[]): void {
  context.on("console", (message) => {
    if (message.type() !== "error") return;
    const { url, lineNumber } = message.location();
    faults.push(`console: ${message.text()} (${url}:${lineNumber})`);
  });
  context.on("weberror", (error) => void faults.push(`exception: ${error.error().stack ?? String(error.error())}`));
  context.on("request", (request) => {
    if (!isOwn(request)) faults.push(`foreign request: ${request.url()}`);
  });
}

/** Whether a request is for the page itself or, over HTTP, for its own server. A file's page has nothing else. */
function isOwn(request: PageRequest): boolean {
  const url = new URL(request.url());
  if (url.protocol === "data:" || url.protocol === "blob:") return true;
  const frame = request.serviceWorker() === null ? request.frame() : null;
  if (request.isNavigationRequest() && frame?.parentFrame() === null) return true;
  return url.protocol !== "file:" && frame !== null && new URL(frame.page().url()).origin === url.origin;
}

/**
 * Fails if axe finds an accessibility fault in the page as it is now, of WCAG 2.2 A and AA or of good practice. Contrast
 * is judged in the colours that are shown, so that light and dark are each asked for.
 */
export async function assertAccessible(page: Page): Promise<void> {
  // The page's own content-security policy has no say in what a test evaluates.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<Axe>("axe.run(document, { resultTypes: ['violations'] })");
  const texts = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}\n  at ${target.join(" ")}\n  ${failureSummary}`)
  );
  if (texts.length > 0) fail(`${page.url()} has accessibility faults:\n${texts.join("\n")}`);
}

interface Axe {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
  }[];
}

/** Writes a picture of the whole page as `NAME.png` into the folder `CROSSWALK_SCREENSHOTS`, where that is set. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = Deno.env.get("CROSSWALK_SCREENSHOTS");
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}
