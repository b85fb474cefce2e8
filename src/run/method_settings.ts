/**
 * From the options of the command line to those of the method, as far as files are read for it: class weights and a
 * spatial prior. All else is in `src/settings/method.ts`.
 *
 * @module
 */

import type { FileItem } from "../data/file_item.ts";
import type { AdaptationSettings, EarlierRounds, SourceTraining } from "../selftraining/adaptation.ts";
import { balancedWeights, classPixels } from "../selftraining/class_balance.ts";
import type { Objective } from "../selftraining/objective.ts";
import { Trainer } from "../selftraining/trainer.ts";
import { adaptationSettings, objectiveWith, openOptimizer, trainerOptions } from "../settings/method.ts";
import { readClassWeights } from "./class_weights.ts";
import type { RunContext, RunData } from "./context.ts";
import { readPrior } from "./given_prior.ts";

/** The compiled training step of a run, with its optimizer. The caller frees both. */
export async function openTrainer(context: RunContext, { sourceSplit }: RunData): Promise<Trainer> {
  const { gpu, network, settings } = context;
  const objective = await objectiveOf(context, sourceSplit.items);
  const optimizer = await openOptimizer(gpu, network.store, settings);
  return await Trainer.open(gpu, network, optimizer, { ...trainerOptions(context), objective });
}

/** What training minimises: the cross-entropy, with the class weights and the regulariser of the settings, and the other terms. */
async function objectiveOf(
  { settings, network, loader, shapes }: RunContext,
  source: readonly FileItem[],
): Promise<Objective> {
  const { classes } = network.metadata;
  const weights = readClassWeights(settings, classes);
  const classWeights = weights === "balanced"
    ? balancedWeights(await classPixels(loader, source, classes.length, shapes.size))
    : weights;
  return objectiveWith(settings, classWeights);
}

/**
 * The settings of an adaptation, with the spatial prior of the file that the options name.
 *
 * @param sourceTraining the training before the rounds; `null` if the network has been trained on the source already.
 * @param start the rounds of another run from which this one goes on.
 */
export function adaptationOf(
  context: RunContext,
  sourceTraining: SourceTraining | null,
  start: EarlierRounds | undefined,
): AdaptationSettings {
  const path = context.settings.get("prior");
  const prior = path === undefined ? undefined : readPrior(path, context.network.classCount);
  return adaptationSettings(context, sourceTraining, { start, prior });
}
