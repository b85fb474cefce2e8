/**
 * The module that a decoding Worker runs: reads the files of a sample, makes it, hands it back without copying. Answers come
 * in the order of the requests.
 *
 * @module
 */

import { type Item, makeSample, type Sample, type SampleOptions } from "./sample.ts";

/** Work for a Worker. */
export interface DecodeRequest {
  /** Comes back with the answer. */
  id: number;
  /** The image. */
  item: Item;
  /** What to make of it. */
  options: SampleOptions;
}

/** What comes back: the sample, or the sentence that says why there is none. */
export type DecodeReply = { id: number; sample: Sample } | { id: number; error: string };

/** The part of a Worker's global scope that is used here; the type library for it excludes that of windows. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<DecodeRequest>) => void) | null;
  postMessage(reply: DecodeReply, transfer: ArrayBuffer[]): void;
}

const scope = globalThis as unknown as WorkerScope;
let previous: Promise<void> = Promise.resolve();
scope.onmessage = (event) => {
  previous = previous.then(() => answer(event.data));
};

async function answer(request: DecodeRequest): Promise<void> {
  try {
    const sample = await readSample(request);
    const buffers = [sample.image.pixels.buffer];
    if (sample.labels !== null) buffers.push(sample.labels.buffer);
    scope.postMessage({ id: request.id, sample }, buffers);
  } catch (error) {
    scope.postMessage({ id: request.id, error: error instanceof Error ? error.message : String(error) }, []);
  }
}

async function readSample({ item, options }: DecodeRequest): Promise<Sample> {
  const wantsLabels = item.labelPath !== null && options.labels !== "none";
  const [image, labels] = await Promise.all([
    readBytes(item.imagePath),
    wantsLabels ? readBytes(item.labelPath ?? "") : null,
  ]);
  return await makeSample(item, { image, labels }, options);
}

/** URLs are fetched, as a browser needs; other paths are files. */
async function readBytes(path: string): Promise<Uint8Array> {
  try {
    if (/^(blob|https?):/.test(path)) return new Uint8Array(await (await fetch(path)).arrayBuffer());
    const { readFile } = await import("node:fs/promises");
    return await readFile(path);
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const detail = missing ? "there is no such file" : error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read ${path}: ${detail}`, { cause: error });
  }
}
