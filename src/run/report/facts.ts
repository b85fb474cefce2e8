/**
 * The facts of a run as a report lists them.
 *
 * @module
 */

import type { ReportData } from "../../report/page/data.ts";
import { bytesText, timeText } from "../../report/units.ts";
import { recipeName } from "../../settings/built_in_recipes.ts";
import type { RunConfig, SavedSettings } from "../run_config.ts";
import type { RunSketch } from "./run_sketch.ts";

/** What the facts are made from. */
export interface FactParts {
  readonly kind: ReportData["kind"];
  readonly settings: SavedSettings;
  readonly record: RunConfig["record"];
  readonly sketch: RunSketch | null;
  /** Name of the network, where the sketch does not say it. */
  readonly model: string | null;
  /** Seconds of each stage. */
  readonly seconds: Readonly<Record<string, number>>;
  /** Rounds of whose pictures only a part is shown. */
  readonly leftOut: readonly number[];
}

/** The facts, in the order in which they are read. */
export function factsOf(parts: FactParts): ReportData["facts"] {
  const { settings, record, sketch, model } = parts;
  const facts: [string, string | null][] = [
    ["network", sketch?.network ?? model ?? textOf(settings.model)],
    ["weights", textOf(settings.weights)],
    ["source network", textOf(settings["source-model"])],
    ["adapter", sketch?.adapter ?? record?.facts.adapter ?? null],
    ["program", programText(parts)],
    ["recipe", parts.kind === "evaluate" ? textOf(settings.config) : recipeName(settings)],
    ["seed", textOf(settings.seed)],
    ...dataTexts(parts),
    ["images", sketch?.size ?? null],
    ["began", sketch === null ? null : sketch.started.slice(0, 16).replace("T", " ") + " UTC"],
    ["time", totalText(parts.seconds)],
    ["GPU memory", sketch?.peakBytes == null ? null : `${bytesText(sketch.peakBytes)} at most`],
    ["went on with other things", overrideText(record)],
    ["not recorded", missingText(parts)],
    [
      "pictures left out",
      parts.leftOut.length === 0 ? null : `those of round ${parts.leftOut.join(", ")}, so that the page stays small`,
    ],
  ];
  return facts.flatMap(([label, value]) => value === null ? [] : [{ label, value }]);
}

function textOf(value: unknown): string | null {
  return value === undefined || value === null ? null : String(value);
}

function programText({ sketch, record }: FactParts): string | null {
  const version = sketch?.version ?? record?.facts.program.version;
  const code = record?.facts.program.code ?? null;
  if (version === undefined) return null;
  return `crosswalk ${version}${code === null ? "" : `, code ${code.slice(0, 8)}`}`;
}

/** The data sets with how many images of each there are. */
function dataTexts({ kind, settings, sketch, record }: FactParts): [string, string | null][] {
  const counts: Readonly<Record<string, number>> = sketch?.images ??
    Object.fromEntries(Object.entries(record?.facts.data ?? {}).map(([name, { images }]) => [name, images]));
  const count = (name: string) => counts[name] === undefined ? "" : `: ${counts[name]} images`;
  const one = (label: string, path: unknown, split: unknown, name: string): [string, string | null] => {
    if (counts[name] === undefined && path === undefined) return [label, null];
    return [label, `${textOf(path) ?? "built in"}, split ${textOf(split) ?? "train"}${count(name)}`];
  };
  if (kind === "evaluate") return [one("data", settings.data, settings.split, "evaluation")];
  const source = settings.data ?? settings.source;
  const target = settings.data ?? settings.target;
  return [
    one("source", source, settings["source-split"], "source"),
    kind === "adapt" ? one("target", target, settings["target-split"], "target") : ["target", null],
    counts.evaluation === undefined
      ? ["scored on", null]
      : one("scored on", kind === "adapt" ? target : source, settings["eval-split"], "evaluation"),
  ];
}

function totalText(seconds: Readonly<Record<string, number>>): string | null {
  const total = Object.values(seconds).reduce((sum, time) => sum + time, 0);
  return total === 0 ? null : timeText(total);
}

function overrideText(record: RunConfig["record"]): string | null {
  const changes = (record?.overrides ?? []).flatMap(({ after, changes }) =>
    changes.map(({ what, from, to }) => `${what}: ${from}, ${after === null ? "" : `after "${after}" `}${to}`)
  );
  return changes.length === 0 ? null : changes.join("; ");
}

function missingText({ sketch, kind }: FactParts): string | null {
  if (sketch !== null) return null;
  const what = kind === "adapt"
    ? "the confusion matrix, recall and the layers of the pictures"
    : "the layers of the pictures";
  return `an earlier version ran this; ${what} are not there`;
}
