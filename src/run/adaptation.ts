/**
 * A whole run in its folder: an adaptation, or a training on the source alone. It is announced before it starts.
 *
 * @module
 */

import { adapt, sourceStage } from "../selftraining/adapt.ts";
import type { AdaptationImages, AdaptationResult, AdaptationSettings } from "../selftraining/adaptation.ts";
import type { CollapseWarning } from "../selftraining/collapse.ts";
import { scoreSplit, type SplitScores } from "../selftraining/evaluation.ts";
import { scoresForm } from "../selftraining/kept_results.ts";
import { planRounds } from "../selftraining/rounds.ts";
import { jsonText } from "../selftraining/store.ts";
import type { Trainer } from "../selftraining/trainer.ts";
import { Training } from "../selftraining/training.ts";
import { plainView } from "../selftraining/views.ts";
import { expectationOf } from "../settings/recipe_files.ts";
import { announce } from "./announce.ts";
import { compare, type Comparison } from "./comparison.ts";
import { type RunContext, type RunData, runImages, runParts } from "./context.ts";
import { earlierRounds } from "./earlier_rounds.ts";
import { type Protocol, protocolOf, type ProtocolParts } from "./protocol.ts";
import { augmentationOf, scoringSettings, sourceTraining } from "../settings/method.ts";
import { adaptationOf, openTrainer } from "./method_settings.ts";
import { RunRecorder } from "./report/recorder.ts";
import type { RunSketch } from "./report/run_sketch.ts";

/**
 * Runs the adaptation, or what is left of it, and writes the results.
 *
 * @param onCollapse called after a round's labelling for each class that goes wrong.
 */
export async function runAdaptation(
  context: RunContext,
  data: RunData,
  onCollapse: (warning: CollapseWarning) => void,
): Promise<AdaptationReport> {
  const settings = adaptationOf(
    context,
    data.isFinished ? null : sourceTraining(context),
    earlierRounds(context.settings, data.inspected.evaluation),
  );
  const trainer = await openTrainer(context, data);
  await announce(context, data, trainer, { sourceSteps: settings.sourceTraining?.steps ?? 0, rounds: settings });
  const images = runImages(data);
  const recorder = new RunRecorder(context, data, "adapt", stagesOf(settings, images, trainer));
  const result = await adapt(
    {
      ...{ ...runParts(context, trainer), onCollapse },
      ...{ onNetwork: (round) => recorder.network(round), onLabels: (round) => recorder.labels(round) },
    },
    images,
    settings,
  );
  recorder.end();
  free(trainer);
  const { best, rounds, adapted, stopped } = result;
  const known = best === null ? "" : `; round ${best.round} has the best mirror agreement`;
  const chosen = `${stopped === null ? "the last" : "after which the rounds ended early"}${known}`;
  const report = {
    ...result,
    ...outcome(context, data, adapted, { round: { number: rounds.length, chosen }, sourceOnly: result.sourceOnly }),
  };
  await context.folder.write("result.json", jsonText(report));
  return report;
}

/** The training stages of an adaptation, with their steps. */
function stagesOf(
  settings: AdaptationSettings,
  { source, target }: Pick<AdaptationImages<unknown>, "source" | "target">,
  trainer: Trainer,
): RunSketch["stages"] {
  const plans = planRounds(settings, { source: source.length, target: target.length }, trainer.crops);
  return [
    ...settings.sourceTraining === null ? [] : [{ stage: "source", steps: settings.sourceTraining.steps }],
    ...plans.slice(settings.start?.round ?? 0).map(({ round, steps }) => ({ stage: `round ${round}`, steps })),
  ];
}

/** What a result says beside the scores. */
export interface Outcome {
  /** How the scores came about. */
  readonly protocol: Protocol;
  /** The scores beside the published row of the recipe; `null` where the recipe has none. */
  readonly expected: Comparison | null;
}

/** What an adaptation comes to. */
export interface AdaptationReport extends AdaptationResult, Outcome {}

/** What a training on the source comes to. */
export interface TrainingReport extends Outcome {
  /** The scores; `null` where there was no labelled image. */
  readonly scores: SplitScores | null;
}

function outcome(
  context: RunContext,
  { evaluationSplit, inspected }: RunData,
  scores: SplitScores | null,
  { round, sourceOnly = null }: { readonly round?: ProtocolParts["round"]; readonly sourceOnly?: SplitScores | null } =
    {},
): Outcome {
  const { settings, shapes, network, merge } = context;
  const expect = expectationOf(settings);
  const { testViews = plainView } = scoringSettings(context);
  return {
    protocol: protocolOf({
      split: evaluationSplit?.name ?? null,
      labelSizes: inspected.evaluation?.labelSizes ?? [],
      ...{
        shapes,
        views: testViews,
        absent: settings.get("absent"),
        classes: merge?.toClasses ?? network.metadata.classes,
      },
      ...(scores?.points === undefined ? {} : { pointRule: settings.get("post") }),
      ...(round === undefined ? {} : { round }),
    }),
    expected: expect === null ? null : compare(expect, scores, sourceOnly),
  };
}

/** Trains on the source images, or does what is left of that. Then writes the weights, and scores them. */
export async function runSourceTraining(context: RunContext, data: RunData): Promise<TrainingReport> {
  const { settings, folder, network, profile } = context;
  const trainer = await openTrainer(context, data);
  const source = sourceTraining(context);
  await announce(context, data, trainer, { sourceSteps: source.steps, rounds: null });
  const parts = runParts(context, trainer);
  const { source: images, evaluation } = runImages(data);
  const recorder = new RunRecorder(context, data, "train", [{ stage: "source", steps: source.steps }]);
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
  await recorder.network(0);
  recorder.end();
  free(trainer);
  // The published rows are scores on the target, and these are on the source; but for rows that know no other domain.
  const expect = expectationOf(settings);
  const expected = expect?.supervised === undefined
    ? null
    : compare({ ...expect, miou: expect.supervised }, scores, scores);
  const rest = { ...outcome(context, data, scores), expected };
  await folder.write("result.json", jsonText(scores === null ? null : { ...scores, ...rest }));
  return { scores, ...rest };
}

function free(trainer: Trainer): void {
  trainer.dispose();
  trainer.optimizer.dispose();
}
