/**
 * The table at the end of `crosswalk adapt`: scores before and after, labelled pixels, and where the results are.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { ClassMap } from "../data/class_map.ts";
import { readFile } from "../disk/files.ts";
import { validated } from "../formats/validation.ts";
import { shown } from "../report/terminal.ts";
import type { AdaptationReport } from "../run/adaptation.ts";
import { type Comparison, comparisonRows } from "../run/comparison.ts";
import { reportName } from "../run/report/write_report.ts";
import { protocolText } from "../run/protocol.ts";
import { scanFigures } from "./score_lines.ts";
import type { RunContext } from "../run/context.ts";

/** What stands for a number that there is none of. */
const unknown = "–";

/** The table as text. If the result of a control run is given, it also shows the gain over it. */
export function resultTable(result: AdaptationReport, context: RunContext, control: ControlResult | null): string {
  const { folder, network, merge } = context;
  const classes = merge?.toClasses ?? network.metadata.classes;
  const labelling = lastLabelling(folder.path, result.rounds.length);
  const labelled = (id: number) => labelling === null ? unknown : String(labelledPixels(labelling.labelled, id, merge));
  const header = [
    "class",
    "source only",
    "adapted",
    "gain",
    ...(control ? ["over control"] : []),
    "labelled pixels",
    "precision",
  ];
  const row = (name: string, before: Score, after: Score, other: Score, id: number | null) => [
    name,
    percent(before),
    percent(after),
    difference(before, after),
    ...(control ? [difference(other, after)] : []),
    id === null ? "" : labelled(id),
    id === null ? "" : percent(labelling?.precision[id]),
  ];
  const { sourceOnly, adapted } = result;
  const byClass = classes.map((name, id) =>
    row(name, sourceOnly?.iou[name], adapted?.iou[name], control?.adapted?.iou[name], id)
  );
  const overall = [
    ...adapted?.points === undefined
      ? [row("mIoU", sourceOnly?.miou, adapted?.miou, control?.adapted?.miou, null)]
      : [],
    ...Object.keys(adapted?.subsets ?? {}).map((set) =>
      row(
        `mIoU of ${set}`,
        sourceOnly?.subsets?.[set],
        adapted?.subsets?.[set],
        control?.adapted?.subsets?.[set],
        null,
      )
    ),
    ...adapted?.points === undefined
      ? [
        row("pixel accuracy", sourceOnly?.pixelAccuracy, adapted?.pixelAccuracy, control?.adapted?.pixelAccuracy, null),
      ]
      : scanFigures.map(([name, of]) => row(name, of(sourceOnly), of(adapted), of(control?.adapted), null)),
  ];
  const rounds = result.rounds.map((scores) => percent(scores?.miou));
  return [
    aligned(withoutUnknown([header, ...byClass, ...overall.filter((cells) => cells.slice(1).some(isKnown))])),
    "",
    ...rounds.some(isKnown) ? [`mIoU after each round: ${rounds.join(", ")}`] : [],
    ...bestLines(result),
    shown(protocolText(result.protocol)),
    ...result.expected === null ? [] : [comparisonText(result.expected)],
    `weights   ${shown(folder.file("weights.safetensors"))}`,
    `scores    ${shown(folder.file("result.json"))}`,
    `pictures  ${shown(folder.file("pictures"))}`,
    `report    ${shown(folder.file(reportName))}`,
  ].join("\n");
}

/** A table without the columns of which nothing is known: a target without labels has no scores. */
function withoutUnknown(rows: readonly (readonly string[])[]): string[][] {
  const isShown = (column: number) => column === 0 || rows.slice(1).some((cells) => isKnown(cells[column]));
  return rows.map((cells) => cells.filter((_, column) => isShown(column)));
}

/** Whether a cell holds something. */
function isKnown(cell: string | undefined): boolean {
  return cell !== undefined && cell !== "" && cell !== unknown;
}

/** The best round by the criterion, beside the last. */
function bestLines({ best, rounds, sourceOnly, stopped }: AdaptationReport): string[] {
  const ended = stopped === null ? [] : [`the rounds ended early: ${stopped}`];
  if (best === null) return ended;
  const { round, first, agreement, weights } = best;
  const scored = round === 0 ? sourceOnly : rounds[round - 1];
  const all = agreement.map((value, index) => `${percent(value)} after round ${first + index}`).join(", ");
  const name = round === 0 ? "the network before the rounds" : `round ${round}`;
  const [own, last] = [percent(scored?.miou), percent(rounds.at(-1)?.miou)];
  const scores = isKnown(own) || isKnown(last) ? `, mIoU ${own} (the last: ${last})` : "";
  return [
    ...ended,
    `best by mirror agreement, without a label: ${name}${scores}, in ${weights}`,
    `mirror agreement: ${all}`,
  ];
}

/** A run beside the published row that its recipe is made for. */
export function comparisonText(comparison: Comparison): string {
  const { source, cited, obstacle } = comparison;
  return [
    "",
    `${shown(source)} (${cited})${obstacle === null ? "" : `: no comparison, ${shown(obstacle)}`}`,
    ...obstacle === null ? [aligned(comparisonRows(comparison))] : [],
    "",
  ].join("\n");
}

/** Pixels that were labelled as a class, or as those that are merged into it. */
function labelledPixels(byClass: readonly number[], id: number, merge: ClassMap | undefined): number {
  if (merge === undefined) return byClass[id] ?? 0;
  return byClass.reduce((sum, pixels, from) => merge.toId[from] === id ? sum + pixels : sum, 0);
}

type Score = number | null | undefined;

function percent(value: Score): string {
  return value === null || value === undefined ? unknown : (value * 100).toFixed(1);
}

function difference(before: Score, after: Score): string {
  if (before === null || before === undefined || after === null || after === undefined) return unknown;
  const gain = (after - before) * 100;
  return `${gain >= 0 ? "+" : ""}${gain.toFixed(1)}`;
}

/** Rows of cells as text. The first column is aligned to the left, the others to the right. */
export function aligned(table: readonly (readonly string[])[]): string {
  const rows = table.map((cells) => cells.map(shown));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) =>
    cells.map((cell, column) => column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))
      .join("  ").trimEnd()
  ).join("\n");
}

const share = v.nullable(v.number());

const shownFigures = v.object({ miou: share, miouPresent: share, accuracy: share });

/** What the table shows of scores. */
const shownScores = v.nullable(v.object({
  miou: share,
  iou: v.record(v.string(), share),
  pixelAccuracy: share,
  subsets: v.optional(v.record(v.string(), share)),
  points: v.optional(shownFigures),
  pixels: v.optional(shownFigures),
}));

const resultFile = v.object({ adapted: shownScores });

const labellingFile = v.object({ labelled: v.array(v.number()), precision: v.array(share) });

/** What the table shows of another run. */
export type ControlResult = v.InferOutput<typeof resultFile>;

/**
 * The result of the finished run in a folder.
 *
 * @throws {Error} if there is none, or its file is damaged.
 */
export function readResult(folder: string): ControlResult {
  const path = join(folder, "result.json");
  if (!existsSync(path)) throw new Error(`There is no finished control run in ${folder}: ${path} is missing`);
  return validated(resultFile, textOf(path), path, "result of the control run");
}

function lastLabelling(folder: string, round: number): v.InferOutput<typeof labellingFile> | null {
  const path = join(folder, "rounds", String(round), "thresholds.json");
  return existsSync(path) ? validated(labellingFile, textOf(path), path, "thresholds") : null;
}

function textOf(path: string): string {
  return new TextDecoder().decode(readFile(path));
}
