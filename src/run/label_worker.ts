/**
 * What a labelling Worker runs: it writes pseudo-labels, as a PNG or as the label file of a scan, and counts how many of
 * them are right.
 *
 * @module
 */

import { deflateSync } from "node:zlib";
import { type Colour, encodeLabelPng } from "../data/encode.ts";
import { resizeLabelMap, type SampleLabelMap } from "../data/sample.ts";
import { encodeScanLabels, type RawIdsOfClasses } from "../data/scans/write_labels.ts";
import { encodeSoftLabels } from "../data/soft_label_map.ts";
import type { Size } from "../data/size.ts";
import { answerRequests } from "../data/worker_scope.ts";
import { writeFileUnsynced } from "../disk/files.ts";
import { type JudgedCounts, judgeLabels, type MergedLabels } from "../selftraining/precision.ts";

/** Pseudo-labels of an image. */
export interface LabelWork {
  /** The file to write. */
  readonly path: string;
  /** The labels as they were computed. */
  readonly map: SampleLabelMap;
  /** The size of the file. */
  readonly size: Size;
  /** The image's own labels, in the same form; `null` if there are none. */
  readonly truth: Uint8Array<ArrayBuffer> | null;
  /** Soft labels that go with the labels, and their file; `null` if there are none. */
  readonly soft: { readonly path: string; readonly words: Uint32Array<ArrayBuffer> } | null;
  readonly classes: number;
  readonly palette: readonly Colour[];
  /** What each class is among those of the image's own labels. Default: the same. */
  readonly merge?: MergedLabels | undefined;
  /** The labels are those of a scan's points: the id of each class in their file. Default: they are an image's. */
  readonly rawIds?: RawIdsOfClasses | undefined;
}

answerRequests<LabelWork, JudgedCounts | null>((work) => {
  const { path, map, size, truth, soft, classes, palette, merge, rawIds } = work;
  const { labels, height, width } = resizeLabelMap(map, size);
  const bytes = rawIds === undefined
    ? encodeLabelPng(labels, height, width, withIgnored(palette))
    : encodeScanLabels(labels, rawIds, path);
  writeFileUnsynced(path, bytes);
  if (soft !== null) {
    const { words } = soft;
    const bytes = encodeSoftLabels({ height: map.height, width: map.width, words }, (all) => {
      return deflateSync(all, { level: 1 });
    });
    writeFileUnsynced(soft.path, bytes);
  }
  return truth === null ? null : judgeLabels(map.labels, truth, classes, merge);
});

/** The colours of all ids. Ignored pixels are white, which few data sets use for a class. */
function withIgnored(palette: readonly Colour[]): Colour[] {
  return Array.from({ length: 256 }, (_, id) => id === 255 ? [255, 255, 255] : palette[id] ?? [0, 0, 0]);
}
