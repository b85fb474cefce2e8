/**
 * Strips of target images: image, ground truth, source-only prediction, pseudo-labels, adapted prediction.
 *
 * @module
 */
import type { AdaptationData } from "./adaptation.ts";
import type { RunContext } from "./training_run.ts";

/** Writes the pictures of a finished run. */
export function writePictures(_context: RunContext, _data: AdaptationData): Promise<void> {
  return Promise.resolve();
}
