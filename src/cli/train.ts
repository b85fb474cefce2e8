/**
 * `crosswalk train`: trains a network on labelled source images, without adaptation.
 *
 * @module
 */

import { runSourceTraining } from "../run/adaptation.ts";
import { planReport, planText, requireBudget } from "../run/memory_report.ts";
import { openRun } from "../run/open_run.ts";
import { writeTensorboard } from "../run/report/tensorboard.ts";
import { writeReport } from "../run/report/write_report.ts";
import { builtInRecipe } from "../settings/built_in_recipes.ts";
import { readArguments } from "./arguments.ts";
import { reportProfile } from "./profile_table.ts";
import { protocolText } from "../run/protocol.ts";
import { shown, terminal } from "../report/terminal.ts";

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("train", args, builtInRecipe);
  const { context, data, live, close } = await openRun(settings, false);
  const work = async () => {
    const isPlan = settings.get("plan");
    if (isPlan) {
      const plan = planReport(context, data, false);
      if (settings.get("json")) terminal.printJson(plan);
      else terminal.print(planText(plan));
    }
    requireBudget(context, data, false);
    if (isPlan) return 0;
    context.signal.throwIfAborted();
    const report = await runSourceTraining(context, data);
    const { scores, protocol } = report;
    const path = await writeReport([context.folder.path]);
    if (settings.get("tensorboard")) writeTensorboard(context.folder.path);
    const weights = context.folder.file("weights.safetensors");
    if (settings.get("json")) terminal.printJson({ weights, ...report });
    else {
      terminal.print(`${shown(weights)}: mIoU ${scores?.miou == null ? "unknown" : (scores.miou * 100).toFixed(1)}`);
      terminal.print(shown(protocolText(protocol)));
      terminal.print(`report: ${shown(path)}`);
    }
    await reportProfile(context);
    return 0;
  };
  try {
    return await (live?.serve(work) ?? work());
  } finally {
    close();
  }
}
