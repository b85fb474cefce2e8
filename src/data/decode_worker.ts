/**
 * The module that a decoding Worker runs. It fetches the files of a sample, makes the sample, and hands it back without
 * copying.
 *
 * @module
 */

import { decodeSample, type FileItem } from "./file_item.ts";
import type { Sample, SampleOptions } from "./sample.ts";
import { answerRequests } from "./worker_scope.ts";
import { systemReason } from "../disk/reasons.ts";

/** Work for a Worker. */
export interface DecodeWork {
  /** The image. */
  readonly item: FileItem;
  /** Where its files are fetched. */
  readonly urls: { readonly image: string; readonly labels: string | null; readonly softLabels: string | null };
  /** What to make of it. */
  readonly options: SampleOptions;
}

answerRequests<DecodeWork, Sample>(readSample, ({ image, labels, softLabels }) => {
  const arrays = [image.pixels, labels, softLabels].filter((array) => array !== null && array !== undefined);
  return arrays.map(({ buffer }) => buffer);
});

async function readSample({ item, urls, options }: DecodeWork): Promise<Sample> {
  const labelUrl = options.labels === "none" ? null : urls.labels;
  const softUrl = labelUrl === null || options.labels === "original" || options.labels === "only"
    ? null
    : urls.softLabels;
  const [image, labels, softLabels] = await Promise.all([
    options.labels === "only" ? null : readBytes(urls.image, item.imagePath),
    labelUrl === null ? null : readBytes(labelUrl, item.labelPath ?? labelUrl),
    softUrl === null ? null : readBytes(softUrl, item.softLabelPath ?? softUrl),
  ]);
  return await decodeSample(item, { image, labels, softLabels }, options);
}

/** @param path what messages call the file. */
async function readBytes(url: string, path: string): Promise<Uint8Array> {
  const response = await fetch(url).catch((error) => {
    throw new Error(`Cannot read ${path}: ${systemReason(error)}`, { cause: error });
  });
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  throw new Error(`Cannot read ${path}: the server answers ${response.status} ${response.statusText}`);
}
