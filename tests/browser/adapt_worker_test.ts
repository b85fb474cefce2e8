/**
 * The Worker that adapts, in a browser, on its GPU and in its own files: close to Deno's scores, the same bytes however
 * often the page is closed, the pixels of photos, and what it says where there is no WebGPU.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { encode } from "fast-png";
import { bundleForBrowsers } from "../../src/cli/browser_bundle.ts";
import { decodeImage } from "../../src/data/decode.ts";
import { encodeRgbPng } from "../../src/data/encode.ts";
import { makeSample } from "../../src/data/sample.ts";
import { renderTown } from "../../src/town/town.ts";
import type { AdaptEvent } from "../../src/web/adapt_messages.ts";
import { exifData, withChunk } from "../data/pictures.ts";
import { MemoryFiles } from "../web/memory_files.ts";
import { openSession, startCommand } from "../web/session.ts";
import { tinySite } from "../web/tiny_site.ts";
import { browserTest, chromium, type Page, type SiteHandler, withPage, withSite } from "./harness.ts";

const scripts = chromium === undefined ? new Map<string, Uint8Array<ArrayBuffer>>() : await bundleForBrowsers({
  "adapt_worker.js": new URL("../../src/web/adapt_worker.ts", import.meta.url),
});

const size = { height: 70, width: 110 };
const photo = encodeRgbPng(renderTown("target", 5, { ...size, seed: 3 }).pixels, size.height, size.width);

/** The same pixels, more or less transparent, and to be turned by a quarter. */
const transparent = (() => {
  const data = renderTown("target", 5, { ...size, seed: 3 }).pixels.map((value, index) =>
    index % 4 === 3 ? index % 8 * 16 : value
  );
  const png = encode({ ...size, channels: 4, depth: 8, data });
  return Uint8Array.from(withChunk(png, "eXIf", exifData(6, false)));
})();

const site: SiteHandler = (path) => {
  const script = scripts.get("adapt_worker.js");
  const javascript = { headers: { "content-type": "text/javascript" } };
  if (path === "adapt_worker.js" && script !== undefined) return new Response(script, javascript);
  if (path === "without_gpu.js" && script !== undefined) {
    const hide = 'Object.defineProperty(navigator, "gpu", { value: undefined });';
    return new Response(hide + new TextDecoder().decode(script), javascript);
  }
  if (path === "town.png") return new Response(photo);
  if (path === "transparent.png") return new Response(transparent);
  if (path === "site.json") return Response.json(tinySite);
  const page = '<!doctype html><html lang="en"><title>A run</title><link rel="icon" href="data:,"><p>A run';
  return new Response(page, { headers: { "content-type": "text/html" } });
};

/**
 * Runs in a page: sends a command to the Worker, which is started with the first, and waits for an event of one of these
 * types. Returns the events so far. Bytes become a digest, and their text where that is asked for.
 */
const ask = `async ([command, types, count = 1, script = "adapt_worker.js"]) => {
  if (globalThis.worker === undefined) {
    globalThis.events = [];
    globalThis.worker = new Worker(script, { type: "module" });
    worker.onmessage = ({ data }) => { events.push(data); globalThis.heard?.(); };
    worker.onerror = ({ message }) => { events.push({ type: "error", text: message }); globalThis.heard?.(); };
  }
  if (command?.site !== undefined) command.site = new URL(command.site, location.href).href;
  if (command?.images?.photos) {
    const files = await Promise.all(command.images.photos.map(async (name) =>
      new File([await (await fetch(name)).blob()], name)));
    command.images = { kind: "photos", files };
  }
  const from = events.length;
  if (command) worker.postMessage(command);
  while (events.slice(from).filter(({ type }) => types.includes(type) || type === "error").length < count) {
    if (events.slice(from).some(({ type }) => type === "error")) break;
    await new Promise((resolve) => globalThis.heard = resolve);
  }
  const hex = async (bytes) => [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].join();
  return await Promise.all(events.slice(from).map(async (event) => {
    if (event.type === "file") return { ...event, bytes: await hex(event.bytes) };
    return event.picture === undefined ? event : { ...event, picture: { name: event.picture.name } };
  }));
}`;

type Told = AdaptEvent & { readonly bytes?: unknown };

async function tell(page: Page, command: unknown, types: readonly string[], count = 1): Promise<readonly Told[]> {
  const events = await page.evaluate<readonly Told[]>(`(${ask})(${JSON.stringify([command, types, count])})`);
  const error = events.find(({ type }) => type === "error");
  if (error !== undefined) throw new Error(`The Worker failed: ${JSON.stringify(error)}`);
  return events;
}

/** Small enough for a software device; most of the time goes into compiling. */
const small = { "town-images": 8, "town-size": "32x64", crop: "32x64", "source-steps": 24, "source-images": 4 };
const start = { type: "start", site: "site.json", images: { kind: "town" }, options: small };

async function digests(page: Page): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const name of ["weights.safetensors", "source.safetensors", "rounds/2/thresholds.json"]) {
    found.push((await tell(page, { type: "file", name }, ["file"])).at(-1)?.bytes);
  }
  return found;
}

function meanIous(events: readonly Told[]): (number | null | undefined)[] {
  const results = events.flatMap((event) => event.type === "result" ? [event.result] : []);
  return results.flatMap(({ sourceOnly, rounds }) => [sourceOnly, ...rounds]).map((scores) => scores?.miou);
}

browserTest("a page that is closed in mid-run ends with the bytes of one that is not, near Deno's scores", async () => {
  await withSite(site, async ({ url }) => {
    await withPage({ seconds: 240 }, async (page) => {
      await page.goto(url);
      const whole = await tell(page, start, ["result"]);
      const expected = await digests(page);
      // A second tab cannot work on the same files.
      const other = await page.context().newPage();
      await other.goto(url);
      await assertRejects(
        () => tell(other, { type: "look" }, ["kept"]),
        Error,
        "Another tab of this browser has the run open",
      );
      await other.close();
      await tell(page, { type: "delete" }, ["kept"]);
      await tell(page, start, ["log"], 12);
      await page.close();
      const again = await page.context().newPage();
      await again.goto(url);
      const [kept] = await tell(again, { type: "look" }, ["kept"]);
      assertEquals(kept?.type === "kept" ? kept.run?.isFinished : null, false);
      const rest = await tell(again, { type: "resume", site: "site.json" }, ["result"]);
      assertEquals(await digests(again), expected);
      assertEquals(meanIous(rest), meanIous(whole));
      await comparedWithDeno(meanIous(whole));
      const [compared] = await tell(again, { type: "compare", index: 3 }, ["compared"]);
      assertEquals(compared?.type === "compared" ? compared.picture.name : null, "target 4");
    });
  });
});

browserTest("photos have the pixels that Deno reads, and a missing WebGPU is said", async () => {
  await withSite(site, async ({ url }) => {
    await withPage({}, async (page) => {
      await page.goto(url);
      const begin = { ...start, images: { photos: ["town.png", "transparent.png"] } };
      await tell(page, begin, ["began"]);
      for (const [index, bytes] of [photo, transparent].entries()) {
        const [kept] = (await tell(page, { type: "file", name: `photo ${index}` }, ["file"])).slice(-1);
        assertEquals<unknown>(kept?.bytes, await digestOfPhoto(bytes), `photo ${index}`);
      }
      await page.reload();
      const args = JSON.stringify([start, ["kept"], 1, "without_gpu.js"]);
      const [error] = await page.evaluate<readonly Told[]>(`(${ask})(${args})`);
      assertEquals(error, {
        ...{ type: "error", reason: "no adapter" },
        text: "This browser or runtime has no WebGPU",
      });
    });
  });
});

/** The digest of what is kept of a photo: the pixels that Deno reads, at the working size, behind their size. */
async function digestOfPhoto(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const image = await decodeImage(bytes, "a photo");
  const { height, width, pixels } = makeSample("a photo", image, null, { size: { shortSide: 32 } }).image;
  assertEquals(Math.min(height, width), 32);
  const header = new Uint8Array(8);
  new DataView(header.buffer).setUint32(0, height, true);
  new DataView(header.buffer).setUint32(4, width, true);
  const hash = await crypto.subtle.digest("SHA-256", Uint8Array.of(...header, ...new Uint8Array(pixels)));
  return new Uint8Array(hash).join();
}

async function comparedWithDeno(found: readonly (number | null | undefined)[]): Promise<void> {
  const { session, of } = openSession(new MemoryFiles());
  await session.handle(startCommand(small));
  await session.idle();
  await session.close();
  const { sourceOnly, rounds } = of("result")[0]?.result ?? { sourceOnly: null, rounds: [] };
  const ours = [sourceOnly, ...rounds].map((scores) => scores?.miou ?? NaN);
  assertEquals(found.length, 3);
  for (const [index, miou] of ours.entries()) {
    assert(Math.abs(miou - (found[index] ?? NaN)) < 0.01, `${found} / ${ours}`);
  }
}
