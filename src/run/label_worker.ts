/**
 * The module that a labelling Worker runs: writes pseudo-labels as a PNG, and counts how many of them are right.
 *
 * @module
 */

import { encodeLabelPng } from "../data/encode.ts";
import { answerRequests } from "../data/worker_scope.ts";
import { writeFileUnsynced } from "../disk/files.ts";

/** Pseudo-labels of an image. */
export interface LabelWork {
  /** The file to write. */
  readonly path: string;
  /** `[height, width]`, 255 = ignored. */
  readonly labels: Uint8Array<ArrayBuffer>;
  readonly height: number;
  readonly width: number;
  /** As `labels`; `null` where it is unknown. */
  readonly truth: Uint8Array<ArrayBuffer> | null;
  readonly classes: number;
}

/** Pseudo-labels of each class whose truth is known, and how many of them are right. */
export interface LabelCounts {
  readonly judged: readonly number[];
  readonly right: readonly number[];
}

answerRequests<LabelWork, LabelCounts>((work) => {
  const { path, labels, height, width } = work;
  writeFileUnsynced(path, encodeLabelPng(labels, height, width));
  return countRight(work);
});

function countRight({ labels, truth, classes }: LabelWork): LabelCounts {
  const judged = new Array<number>(classes).fill(0);
  const right = new Array<number>(classes).fill(0);
  for (let pixel = 0; truth !== null && pixel < labels.length; pixel++) {
    const label = labels[pixel] ?? 255;
    const wanted = truth[pixel] ?? 255;
    if (label === 255 || wanted === 255) continue;
    judged[label] = (judged[label] ?? 0) + 1;
    if (label === wanted) right[label] = (right[label] ?? 0) + 1;
  }
  return { judged, right };
}
