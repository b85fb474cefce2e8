/**
 * What a run writes of itself when it begins, for runs that are told by hand.
 *
 * @module
 */

import type { RunSketch } from "../../../src/run/report/run_sketch.ts";

/** A run of one round. */
export const sampleSketch: RunSketch = {
  ...{ kind: "adapt", started: "2026-01-01T00:00:00Z", version: "0.1.0", network: "deeplab-nano", adapter: "none" },
  ...{ size: "32×64", classes: [], labelClasses: [], merge: null, peakBytes: null },
  images: { source: 8, target: 8, evaluation: 9 },
  stages: [{ stage: "source", steps: 80 }, { stage: "round 1", steps: 80 }],
};
