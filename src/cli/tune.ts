/**
 * `crosswalk tune` times the schedules of a network's convolutions on this adapter and shows the ranking of each shape
 * class. It keeps the winners in the user's cache folder, where later commands find them.
 *
 * @module
 */

import {
  tolerance,
  tune,
  type TunedProblem,
  type TuneReport,
  type TuningProblem,
  tuningProblems,
} from "../tuning/tune.ts";
import { Gpu } from "../gpu/gpu.ts";
import type { Model } from "../nn/model.ts";
import { networkTensors, type TunedSizes } from "../tuning/network_tensors.ts";
import { findModel } from "../nn/models/mod.ts";
import { residualDeeplab } from "../nn/models/residual_deeplab.ts";
import { keptKind } from "../tuning/kept_kind.ts";
import { modelVariant } from "../settings/model_variant.ts";
import type { Settings } from "../settings/settings.ts";
import { adapterKey, readTable, tablePaths, writeTable } from "../tuning/table.ts";
import { readArguments } from "./arguments.ts";
import { shown, terminal } from "../report/terminal.ts";

/** The sizes of the network of `bench step`. `--reference` tunes it. */
const reference = { batch: 2, height: 256, width: 512, classes: 19 };
/**
 * Number of schedules of a class that are shown, in addition to that of the rules and to wrong ones. The JSON has all.
 */
const shownSchedules = 4;

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("tune", args);
  const json = settings.get("json");
  const say = (text: string) => {
    if (!json) terminal.print(text);
  };
  let adapter = "";
  // No table is given, so that the schedule called `default` is that of the ops' rules.
  using gpu = await Gpu.open({
    adapter: settings.get("adapter"),
    kind: keptKind,
    tuning: (opened) => {
      adapter = adapterKey(opened);
      return new Map();
    },
  });
  const table = tablePaths(adapter).user;
  const minutes = settings.get("minutes");
  const problems = tuningProblems(networkTensors(gpu, ...tunedNetwork(settings)));
  say(
    `${shown(gpu.info.description || gpu.info.vendor)}: ${problems.length} shape classes, at most ${minutes} minutes`,
  );
  const report = await tuneInto(gpu, problems, { adapter, table, minutes, say });
  if (json) terminal.printJson({ adapter, table, tolerance, ...report });
  return 0;
}

/** The network that the settings name, and its sizes. */
function tunedNetwork(settings: Settings): [Model, TunedSizes] {
  if (settings.get("reference")) return [residualDeeplab, reference];
  const sizes = { batch: settings.get("batch"), ...settings.require("size"), classes: settings.get("classes") };
  return [findModel(settings.get("model"), modelVariant(settings)), sizes];
}

/**
 * Tunes the shape classes that a table lacks, then those that it has, as far as the time allows. The winners go into
 * the table.
 */
export async function tuneInto(
  gpu: Gpu,
  problems: readonly TuningProblem[],
  { adapter, table, minutes, say }: {
    readonly adapter: string;
    readonly table: string;
    readonly minutes: number;
    readonly say: (text: string) => void;
  },
): Promise<TuneReport> {
  const read = () => readTable(table, adapter, (text) => terminal.say(text));
  // The table is written after each class, so that Ctrl-C or a lost adapter leaves what was found. It is read again
  // before, since another tuning may write to it too.
  const keep = (shapeClass: string, winner: string) =>
    writeTable(table, adapter, new Map([...read(), [shapeClass, winner]]));
  const report = await tune(gpu, problems, {
    minutes,
    known: read(),
    onProblem: (problem) => {
      keep(problem.shapeClass, problem.winner);
      say(rankingText(problem));
    },
    // From now on the class is computed by the rules, so that the next tuning begins with other classes.
    onFailure: (shapeClass) => keep(shapeClass, "default"),
  });
  say(summaryText(report, table));
  return report;
}

function rankingText({ shapeClass, count, flops, ranking, winner, gain }: TunedProblem): string {
  const shown = ranking.filter(({ schedule, right }, index) =>
    index < shownSchedules || !right || schedule === "default" || schedule === winner
  );
  const rules = ranking.find(({ schedule }) => schedule === "default")?.milliseconds ?? null;
  const rows = shown.map(({ schedule, milliseconds, error, right }) => {
    if (!right || milliseconds === null) {
      return `  ${schedule.padEnd(40)} WRONG: differs by ${
        error === null ? "no finite number" : error.toExponential(1)
      }`;
    }
    return [
      `  ${schedule.padEnd(40)}`,
      (milliseconds < 1 ? `${(milliseconds * 1000).toFixed(1)} µs` : `${milliseconds.toFixed(2)} ms`).padStart(12),
      `${(flops / milliseconds / 1e6).toFixed(1)} GFLOP/s`.padStart(18),
      (rules === null ? "" : `${(rules / milliseconds).toFixed(2)}×`).padStart(8),
      `  error ${(error ?? 0).toExponential(0)}`,
    ].join("");
  });
  const more = ranking.length > shown.length ? [`  and ${ranking.length - shown.length} slower ones`] : [];
  const verdict = `  → ${winner}${
    winner === "default" || gain === null ? "" : `, ${gain.toFixed(2)}× as fast as the rules'`
  }`;
  return ["", `${shapeClass}, ${count} of it`, ...rows, ...more, verdict].join("\n");
}

function summaryText({ problems, left }: TuneReport, table: string): string {
  const faster = problems.filter(({ winner }) => winner !== "default").length;
  const kept = problems.length === 0 ? "nothing was kept" : `kept in ${shown(table)}`;
  const rest = left.length === 0 ? "" : `. The time did not suffice for ${left.length} more; run this again to go on`;
  return `\n${problems.length} shape classes tuned, ${faster} of them faster than by the rules, ${kept}${rest}`;
}
