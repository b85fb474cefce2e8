/**
 * The module that a decoding Worker runs. It reads the files of a sample, makes the sample, and hands it back without
 * copying.
 *
 * @module
 */

import { type Item, makeSample, type Sample, type SampleOptions } from "./sample.ts";
import { answerRequests } from "./worker_scope.ts";

/** Work for a Worker. */
export interface DecodeWork {
  /** The image. */
  readonly item: Item;
  /** What to make of it. */
  readonly options: SampleOptions;
}

answerRequests<DecodeWork, Sample>(readSample, ({ image, labels }) => {
  return labels === null ? [image.pixels.buffer] : [image.pixels.buffer, labels.buffer];
});

async function readSample({ item, options }: DecodeWork): Promise<Sample> {
  const wantsLabels = item.labelPath !== null && options.labels !== "none";
  const [image, labels] = await Promise.all([
    options.labels === "only" ? null : readBytes(item.imagePath),
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
