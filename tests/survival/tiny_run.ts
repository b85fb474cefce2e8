/**
 * An adaptation of seconds in this process, which can be stopped and gone on with.
 *
 * @module
 */

import { InterruptedError } from "../../src/errors.ts";
import type { AdaptationResult } from "../../src/selftraining/adaptation.ts";
import { silent } from "../../src/selftraining/progress.ts";
import { runAdaptation } from "../../src/run/adaptation.ts";
import { openRun } from "../../src/run/open_run.ts";
import { savedSettings } from "../../src/run/run_config.ts";
import { resolveSettings, type Values } from "../../src/settings/settings.ts";

/** The settings of the run. */
export const tinySettings: Values = {
  model: "deeplab-nano",
  batch: 2,
  size: { height: 32, width: 64 },
  crop: { height: 32, width: 32 },
  "source-steps": 2,
  "source-rate": 0.01,
  "warm-up": 0,
  rounds: 2,
  epochs: 4,
  "learning-rate": [0.001],
  "source-images": 1,
  "target-images": 1,
  "spatial-prior": false,
  mining: "off",
};

/** The settings with what is given; those of a run that goes on are its own. */
export function tinyRun(given: Values) {
  const saved = given.resume && given.out !== undefined ? savedSettings(given.out) ?? {} : tinySettings;
  return openRun(resolveSettings("adapt", given, saved), true);
}

/** Runs the adaptation, or what is left of it; with `stopIn`, until a stage of that name has begun. */
export async function adaptTiny(given: Values, stopIn?: string): Promise<AdaptationResult> {
  const { context, data, close } = await tinyRun(given);
  const controller = new AbortController();
  const progress = {
    ...silent,
    stage: (name: string) => {
      if (name === stopIn) controller.abort(new InterruptedError("stopped"));
      return { update: () => {}, end: () => {} };
    },
  };
  try {
    return await runAdaptation({ ...context, progress, signal: controller.signal }, data, () => {});
  } finally {
    close();
  }
}
