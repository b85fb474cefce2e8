/**
 * The module that a decoding Worker runs: reads the files of a sample, makes it, hands it back without copying. Answers come
 * in the order of the requests.
 *
 * @module
 */

import type { LabelTable } from "./class_map.ts";
import { makeSample, type Sample, type SampleOptions } from "./sample.ts";

/** Work for a Worker. Paths that start with `blob:`, `http:` or `https:` are fetched, as a browser needs; others are files. */
export interface DecodeRequest {
  id: number;
  name: string;
  imagePath: string;
  labelPath: string | null;
  labelTable: LabelTable;
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

async function readSample(request: DecodeRequest): Promise<Sample> {
  const labelPath = request.options.labels === "none" ? null : request.labelPath;
  const [imageBytes, labelBytes] = await Promise.all([
    readBytes(request.imagePath),
    labelPath === null ? null : readBytes(labelPath),
  ]);
  const { name, imagePath, labelTable, options } = request;
  return await makeSample({ name, imagePath, imageBytes, labelPath, labelBytes, labelTable }, options);
}

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
