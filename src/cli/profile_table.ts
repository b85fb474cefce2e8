/**
 * What `--profile` writes and prints at the end of a run.
 *
 * @module
 */

import type { KernelProfile, ProfileReport } from "../run/profile.ts";
import type { RunContext } from "../run/context.ts";
import { jsonText } from "../selftraining/store.ts";
import { aligned } from "./result_table.ts";
import { shown, terminal } from "../report/terminal.ts";

/** Number of kernels that the table shows. `profile.json` has all. */
const shownKernels = 12;

/**
 * With `--profile`, writes `profile.json` and prints its tables: on stdout, or with `--json` on stderr, as stdout then
 * has one JSON object and nothing else.
 */
export async function reportProfile({ profile, folder, settings }: RunContext): Promise<void> {
  if (!settings.get("profile")) return;
  const report = await profile.report();
  await folder.write("profile.json", jsonText(report));
  const text = profileText(report);
  if (settings.get("json")) terminal.printBeside(text);
  else terminal.print(`\n${text}\nprofile   ${shown(folder.file("profile.json"))}`);
}

/** The tables of a profile as text. */
export function profileText({ adapter, seconds, idle, stages, kernels }: ProfileReport): string {
  const stageRows = stages.map((
    stage,
  ) => [stage.stage, time(stage.seconds), percent(stage.share), percent(stage.idle)]);
  const first = kernels.slice(0, shownKernels);
  const rest = kernels.slice(shownKernels);
  const total = (of: readonly KernelProfile[], key: "seconds" | "share") => of.reduce((sum, row) => sum + row[key], 0);
  const kernelRows = [
    ...first.map((row) => [row.kernel, time(row.seconds), percent(row.share)]),
    ...(rest.length === 0
      ? []
      : [[`${rest.length} more`, time(total(rest, "seconds")), percent(total(rest, "share"))]]),
  ];
  return [
    `Time on ${shown(adapter)}`,
    aligned([
      ["stage", "seconds", "share", "idle GPU"],
      ...stageRows,
      ["in all", time(seconds), percent(1), percent(idle)],
    ]),
    "",
    idle === null
      ? "This adapter has no timestamp queries, so the times of its kernels are not known"
      : aligned([["kernel", "seconds", "share"], ...kernelRows]),
  ].join("\n");
}

function time(seconds: number): string {
  return seconds.toFixed(1);
}

function percent(share: number | null): string {
  return share === null ? "–" : `${(share * 100).toFixed(1)} %`;
}
