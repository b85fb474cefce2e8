/**
 * A whole run in its folder: an adaptation, or a training on the source alone. It is announced before it starts.
 *
 * @module
 */

import { adapt, type AdaptationResult, sourceStage } from "../selftraining/adapt.ts";
import type { CollapseWarning } from "../selftraining/collapse.ts";
import { scoreSplit, type SplitScores } from "../selftraining/evaluation.ts";
import { scoresForm } from "../selftraining/kept_results.ts";
import { jsonText } from "../selftraining/store.ts";
import type { Trainer } from "../selftraining/trainer.ts";
import { Training } from "../selftraining/training.ts";
import { announce } from "./announce.ts";
import { type RunContext, type RunData, runImages, runParts } from "./context.ts";
import { adaptationSettings, augmentationOf, openTrainer, scoringSettings, sourceTraining } from "./method_settings.ts";

/**
 * Runs the adaptation, or what is left of it, and writes the results.
 *
 * @param onCollapse called after a round's labelling for each class that goes wrong.
 */
export async function runAdaptation(
  context: RunContext,
  data: RunData,
  onCollapse: (warning: CollapseWarning) => void,
): Promise<AdaptationResult> {
  const settings = adaptationSettings(context, data.isFinished ? null : sourceTraining(context));
  const trainer = await openTrainer(context, data);
  await announce(context, data, trainer, { sourceSteps: settings.sourceTraining?.steps ?? 0, rounds: settings });
  const result = await adapt({ ...runParts(context, trainer), onCollapse }, runImages(data), settings);
  free(trainer);
  return result;
}

/** Trains on the source images, or does what is left of that. Then writes the weights, and scores them. */
export async function runSourceTraining(context: RunContext, data: RunData): Promise<SplitScores | null> {
  const { settings, folder, network, profile } = context;
  const trainer = await openTrainer(context, data);
  const source = sourceTraining(context);
  await announce(context, data, trainer, { sourceSteps: source.steps, rounds: null });
  const parts = runParts(context, trainer);
  const { source: images, evaluation } = runImages(data);
  const training = await Training.open(parts, ["source"]);
  profile.enter("source training");
  await training.train(
    {
      ...sourceStage(images, source, { seed: settings.get("seed"), augmentation: augmentationOf(settings) }),
      // There is no target here.
      regularized: ["source"],
    },
  );
  // Before the scores, so that a failure there does not lose them.
  await folder.write("weights.safetensors", await network.save());
  profile.enter("evaluation");
  const scores = await folder.once(
    "evaluation",
    scoresForm,
    () => scoreSplit(parts, "evaluation", evaluation, scoringSettings(context)),
  );
  profile.enter("other");
  await folder.write("result.json", jsonText(scores));
  free(trainer);
  return scores;
}

function free(trainer: Trainer): void {
  trainer.dispose();
  trainer.optimizer.dispose();
}
