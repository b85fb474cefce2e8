/**
 * What a labelling Worker runs: it writes pseudo-labels as a PNG and counts how many of them are right.
 *
 * @module
 */

import { encodeLabelPng } from "../data/encode.ts";
import { answerRequests } from "../data/worker_scope.ts";
import { writeFileUnsynced } from "../disk/files.ts";
import { type JudgedCounts, judgeLabels } from "../selftraining/precision.ts";

/** Pseudo-labels of an image. */
export interface LabelWork {
  /** The file to write. */
  readonly path: string;
  /** `[height, width]`, 255 = ignored. */
  readonly labels: Uint8Array<ArrayBuffer>;
  readonly height: number;
  readonly width: number;
  /** The image's own labels, in the same form; `null` if there are none. */
  readonly truth: Uint8Array<ArrayBuffer> | null;
  readonly classes: number;
}

answerRequests<LabelWork, JudgedCounts | null>(({ path, labels, height, width, truth, classes }) => {
  writeFileUnsynced(path, encodeLabelPng(labels, height, width));
  return truth === null ? null : judgeLabels(labels, truth, classes);
});
