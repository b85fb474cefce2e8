/**
 * `crosswalk adapt`: class-balanced self-training from source to target images.
 *
 * @module
 */

import { runAdaptation } from "../run/adaptation.ts";
import { openRun } from "../run/open_run.ts";
import { planReport, planText, requireBudget } from "../run/memory_report.ts";
import { writePictures } from "../run/pictures.ts";
import { writeTensorboard } from "../run/report/tensorboard.ts";
import { writeReport } from "../run/report/write_report.ts";
import { builtInRecipe } from "../settings/built_in_recipes.ts";
import { collapseMessage } from "./advice.ts";
import { readArguments } from "./arguments.ts";
import { reportProfile } from "./profile_table.ts";
import { readResult, resultTable } from "./result_table.ts";
import { terminal } from "../report/terminal.ts";

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments(
    "adapt",
    args,
    builtInRecipe,
  );
  const controlRun = settings.get("control-run");
  const control = controlRun === undefined ? null : readResult(controlRun);
  const { context, data, live, close } = await openRun(settings, true);
  const work = async () => {
    const isPlan = settings.get("plan");
    if (isPlan) {
      const plan = planReport(context, data, true);
      if (settings.get("json")) terminal.printJson(plan);
      else terminal.print(planText(plan));
    }
    requireBudget(context, data, true);
    if (isPlan) return 0;
    context.signal.throwIfAborted();
    const result = await runAdaptation(
      context,
      data,
      (warning) => context.progress.warn(collapseMessage(warning, settings)),
    );
    context.signal.throwIfAborted();
    context.profile.enter("pictures");
    await writePictures(context, data, result.rounds.length);
    await writeReport([context.folder.path], { control: controlRun });
    if (settings.get("tensorboard")) writeTensorboard(context.folder.path);
    context.profile.enter("other");
    if (settings.get("json")) terminal.printJson(result);
    else terminal.print(resultTable(result, context, control));
    await reportProfile(context);
    return 0;
  };
  try {
    return await (live?.serve(work) ?? work());
  } finally {
    close();
  }
}
