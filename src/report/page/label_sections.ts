/**
 * How the rounds chose pseudo-labels: thresholds, kept pixels, precision and recall, for each class.
 *
 * @module
 */

import { type Markup, markup } from "../markup.ts";
import { classCharts, type Curve, needsLog } from "./curves.ts";
import type { ReportClass, ReportData, ReportRound } from "./data.ts";
import { inPercent } from "./score_sections.ts";
import {
  allClasses,
  classLabel,
  columnHead,
  count,
  foldedTable,
  named,
  numberCell,
  percent,
  precise,
  rowHead,
  runLegend,
  type ShownRun,
} from "./shown_runs.ts";

/** What one class has in one round. */
type Reader = (round: ReportRound, id: number) => number | null | undefined;

/** A column of a table of rounds and classes. */
interface Column {
  readonly name: string;
  readonly read: Reader;
  readonly text: (value: number | null | undefined) => string;
}

const labelClassesOf = ({ labelClasses }: ReportData) => labelClasses;
const classesOf = ({ classes }: ReportData) => classes;

/** Share of a class's predicted pixels that are kept as pseudo-labels. */
function keptShare({ labelled, predicted }: ReportRound, id: number): number | null {
  const [kept, all] = [labelled[id], predicted[id]];
  return kept === undefined || all === undefined || all === 0 ? null : kept / all;
}

/** Thresholds and kept pixels of each class over rounds. `undefined` where no round labelled. */
export function thresholdSection(runs: readonly ShownRun[]): Markup | undefined {
  const labelled = runs.filter(({ data }) => data.rounds.some(({ lambda }) => lambda.length > 0));
  if (labelled.length === 0) return undefined;
  const classes = allClasses(labelled, labelClassesOf);
  const isLog = needsLog(labelled.flatMap(({ data }) => data.rounds.flatMap(({ lambda }) => lambda)));
  const thresholds = (name: string) =>
    labelled.map((run) => curve(run, name, labelClassesOf, ({ lambda }, id) => lambda[id]));
  const kept = (name: string) =>
    labelled.flatMap((run): Curve[] => [
      {
        ...{ name: "portion", color: labelled.length === 1 ? "var(--soft)" : run.color, line: "dotted" as const },
        points: run.data.rounds.map(({ round, portion }) => [round, portion] as const),
      },
      curve(run, name, labelClassesOf, keptShare),
    ]);
  return markup`<h2>Thresholds</h2>${runLegend(labelled)}<h3>Threshold λ of each class over rounds</h3>
<p>A pixel of a class is kept as a pseudo-label if its confidence is at least λ.${
    isLog && " The axis is logarithmic."
  }</p>${
    classCharts("Threshold over rounds", classes, thresholds, { x: "round", y: "", log: isLog, text: precise })
  }<h3>Kept pixels of each class over rounds, in percent of those predicted</h3>
<p>The dotted line is the portion that was to be kept.</p>${
    classCharts("Kept pixels over rounds", classes, (name) => inPercent(kept(name)), { x: "round", y: "" })
  }${
    roundsTable("Thresholds and kept pixels", labelled, classes, labelClassesOf, [
      { name: "λ", read: ({ lambda }, id) => lambda[id], text: precise },
      { name: "kept", read: ({ labelled }, id) => labelled[id], text: count },
      { name: "predicted", read: ({ predicted }, id) => predicted[id], text: count },
      { name: "kept in %", read: keptShare, text: percent },
      { name: "portion in %", read: ({ portion }) => portion, text: percent },
    ])
  }`;
}

/** Precision and recall of pseudo-labels over rounds. `undefined` where there are no labels to compare with. */
export function pseudoLabelSection(runs: readonly ShownRun[]): Markup | undefined {
  const isKnown = (value: number | null) => value !== null;
  const known = runs.filter(({ data }) =>
    data.rounds.some(({ precision, recall }) => precision.some(isKnown) || recall.some(isKnown))
  );
  if (known.length === 0) return undefined;
  const hasRecall = known.some(({ data }) => data.rounds.some(({ recall }) => recall.some(isKnown)));
  const classes = allClasses(known, classesOf);
  const curves = (name: string) =>
    known.flatMap((run): Curve[] => [
      { ...curve(run, name, classesOf, ({ precision }, id) => precision[id]), name: "precision" },
      ...hasRecall
        ? [{
          ...curve(run, name, classesOf, ({ recall }, id) => recall[id]),
          name: "recall",
          line: "dashed" as const,
          ...known.length === 1 ? { color: "var(--series2)" } : {},
        }]
        : [],
    ]);
  return markup`<h2>Pseudo-labels</h2>${runLegend(known)}
<p>In percent. Precision is the share of a class's pseudo-labels that are right (solid line).${
    hasRecall &&
    " Recall is the share of the pixels that truly are of the class that are labelled with it (dashed line)."
  }</p>${
    classCharts("Precision and recall of pseudo-labels over rounds", classes, (name) => inPercent(curves(name)), {
      ...{ x: "round", y: "", domain: [0, 100] },
    })
  }${
    roundsTable("Precision and recall", known, classes, classesOf, [
      { name: "precision in %", read: ({ precision }, id) => precision[id], text: percent },
      ...hasRecall
        ? [{ name: "recall in %", read: ({ recall }: ReportRound, id: number) => recall[id], text: percent }]
        : [],
    ])
  }`;
}

function curve(
  run: ShownRun,
  name: string,
  classes: (data: ReportData) => readonly ReportClass[],
  read: Reader,
): Curve {
  const id = classes(run.data).findIndex((one) => one.name === name);
  return {
    name: run.name,
    color: run.color,
    points: run.data.rounds.map((round) => [round.round, id < 0 ? null : read(round, id) ?? null] as const),
  };
}

/** Rows are classes; each round of each run has all columns. */
function roundsTable(
  name: string,
  runs: readonly ShownRun[],
  classes: readonly ReportClass[],
  classesOf: (data: ReportData) => readonly ReportClass[],
  columns: readonly Column[],
): Markup {
  const rounds = runs.flatMap((run) => run.data.rounds.map((round) => ({ run, round })));
  const head = markup`<tr><td rowspan="2"></td>${
    rounds.map(({ run, round }) =>
      columnHead(markup`${runs.length > 1 && markup`${named(run.name)}, `}round ${round.round}`, columns.length)
    )
  }</tr><tr>${rounds.map(() => columns.map((column) => columnHead(column.name)))}</tr>`;
  const rows = classes.map((one) =>
    markup`<tr>${rowHead(classLabel(one))}${
      rounds.map(({ run, round }) => {
        const id = classesOf(run.data).findIndex((other) => other.name === one.name);
        return columns.map(({ read, text }) => {
          const value = id < 0 ? null : read(round, id);
          return numberCell(value, text(value));
        });
      })
    }</tr>`
  );
  return foldedTable(name, head, rows);
}
