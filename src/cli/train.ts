/**
 * `crosswalk train`: trains a network on labelled source images, without adaptation.
 *
 * @module
 */

import { scoreNetwork, trainSource } from "../run/adaptation.ts";
import { announce } from "../run/announce.ts";
import { planReport, planText, requireBudget } from "../run/memory_report.ts";
import { writeFileSafely } from "../disk/files.ts";
import { openRun } from "../run/open_run.ts";
import { townRecipe } from "../settings/town_recipe.ts";
import { TrainingRun } from "../run/training_run.ts";
import { readArguments } from "./arguments.ts";
import { reportProfile } from "./profile_table.ts";

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("train", args, (given) => given.source === undefined ? townRecipe : null);
  const { context, data, close } = await openRun(settings, false);
  try {
    const isPlan = settings.get("plan");
    if (isPlan) {
      const plan = planReport(context, data, false);
      console.log(settings.get("json") ? JSON.stringify(plan) : planText(plan));
    }
    requireBudget(context, data, false);
    if (isPlan) return 0;
    const { folder, network } = context;
    const training = await TrainingRun.open(context, settings.get("resume"));
    await announce(context, data, training, { trainSource: true, adapts: false });
    context.profile.enter("source training");
    await trainSource(training, data.sourceSplit.items);
    context.profile.enter("evaluation");
    const scores = await folder.once("evaluation", () => scoreNetwork(context, data.evaluationSplit, "evaluation"));
    context.profile.enter("other");
    const weights = folder.file("weights.safetensors");
    writeFileSafely(weights, await network.save());
    folder.writeJson("result.json", scores);
    training.dispose();
    if (settings.get("json")) console.log(JSON.stringify({ weights, scores }));
    else console.log(`${weights}: mIoU ${scores?.miou == null ? "unknown" : (scores.miou * 100).toFixed(1)}`);
    await reportProfile(context);
    return 0;
  } finally {
    close();
  }
}
