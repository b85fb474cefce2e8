/**
 * Weight files beside the page, which the browser keeps by their digest: the second visit fetches nothing.
 *
 * @module
 */

import type { SiteWeights } from "./site.ts";

const cacheName = "crosswalk-weights";

/** Called as bytes come. */
export type LoadProgress = (done: number, total: number, isKept: boolean) => void;

/**
 * The bytes of a weight file: those that the browser keeps, or those beside the page, which are then kept.
 *
 * @throws {Error} if the file cannot be fetched, or is another than the page was written with.
 */
export async function loadWeights(weights: SiteWeights, onProgress: LoadProgress): Promise<Uint8Array<ArrayBuffer>> {
  const { file, bytes: total, sha256 } = weights;
  const cache = await openCache();
  const key = keyOf(weights);
  const kept = await cache?.match(key);
  if (kept !== undefined) {
    const bytes = new Uint8Array(await kept.arrayBuffer());
    if (await digestOf(bytes) === sha256) {
      onProgress(total, total, true);
      return bytes;
    }
  }
  const bytes = await fetched(weights, onProgress);
  const found = await digestOf(bytes);
  if (found !== sha256) {
    throw new Error(
      `Cannot use ${file}: it is another file than this page was written with (${bytes.length} bytes, expected ${total}). ` +
        "Reload the page; if that does not help, export and upload all its files anew",
    );
  }
  await keep(cache, key, bytes);
  return bytes;
}

/** Bytes of all weights that are kept. */
export async function keptBytes(): Promise<number> {
  const cache = await openCache();
  const responses = await cache?.matchAll().catch(() => []) ?? [];
  const blobs = await Promise.all(responses.map((response) => response.blob()));
  return blobs.reduce((sum, { size }) => sum + size, 0);
}

/** Deletes all weights that are kept. */
export async function forgetWeights(): Promise<void> {
  if ("caches" in globalThis) await caches.delete(cacheName);
}

/** The cache; `null` where the browser gives none, as in some private windows. The page works without it. */
async function openCache(): Promise<Cache | null> {
  if (!("caches" in globalThis)) return null;
  try {
    return await caches.open(cacheName);
  } catch {
    return null;
  }
}

/** No file has this address; it only says which weights are meant. Pages of one host share what they keep. */
function keyOf({ sha256 }: SiteWeights): string {
  return new URL(`/crosswalk-weights/${sha256}`, location.href).href;
}

async function fetched(
  { file, bytes: total }: SiteWeights,
  onProgress: LoadProgress,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(file, { cache: "no-cache" }).catch(() => null);
  if (response === null || !response.ok || response.body === null) {
    const found = response === null ? "the server does not answer" : `the server answers ${response.status}`;
    throw new Error(`Cannot load ${file}: ${found}. It must lie beside the page`);
  }
  // The size is known beforehand, since the length that a server tells may be that of compressed bytes.
  const bytes = new Uint8Array(total);
  let done = 0;
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (done + part.value.length > total) throw new Error(`Cannot use ${file}: it is longer than ${total} bytes`);
    bytes.set(part.value, done);
    done += part.value.length;
    onProgress(done, total, false);
  }
  return bytes.subarray(0, done);
}

async function keep(cache: Cache | null, key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  try {
    await cache?.put(key, new Response(bytes));
  } catch {
    // There is no room. The weights are fetched again at the next visit.
  }
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
