/**
 * What the scores say: the table of IoU, and the mean over rounds.
 *
 * @module
 */

import { type Content, type Markup, markup } from "../markup.ts";
import { classCharts, type Curve, curveChart } from "./curves.ts";
import type { ReportClass, ReportScores } from "./data.ts";
import {
  allClasses,
  change,
  classLabel,
  columnHead,
  count,
  foldedTable,
  named,
  numberCell,
  percent,
  points,
  rowHead,
  runLegend,
  scoresOf,
  type ShownRun,
  table,
} from "./shown_runs.ts";

type Score = number | null | undefined;

/** How one row of the table of scores reads a run's scores. */
type Reader = (scores: ReportScores | undefined, run: ShownRun) => Score;

/** The table of IoU: one run before and after beside its control, or several runs. `undefined` where nothing is scored. */
export function scoreSection(runs: readonly ShownRun[]): Markup | undefined {
  const scored = runs.filter(({ data }) => data.scores.length > 0);
  const [first] = scored;
  if (first === undefined) return undefined;
  const protocols = [...new Set(scored.flatMap(({ data }) => data.protocol ?? []))];
  return markup`<h2>Scores</h2>${runs.length === 1 ? oneRunTable(first) : severalRunsTable(scored)}${
    protocols.map((protocol) =>
      markup`<p class="soft">${
        protocols.length === 1
          ? undefined
          : scored.filter(({ data }) => data.protocol === protocol).map(({ name }) =>
            markup`${named(name)}: `
          )
      }${protocol}</p>`
    )
  }`;
}

/** All rows of a table: the means, each class, and what else was counted. */
function rowsOf(runs: readonly ShownRun[]): { label: Content; read: Reader; isTotal?: boolean; isCount?: boolean }[] {
  const others = [
    ...new Set(runs.flatMap(({ data }) => data.scores.flatMap(({ others }) => others.map(({ label }) => label)))),
  ];
  return [
    { label: "mean IoU", read: (scores) => scores?.miou, isTotal: true },
    ...allClasses(runs, ({ classes }) => classes).map((one) => ({
      label: classLabel(one),
      read: (scores: ReportScores | undefined, { data }: ShownRun) =>
        scores?.iou[data.classes.findIndex(({ name }) => name === one.name)],
    })),
    { label: "pixel accuracy", read: (scores) => scores?.pixelAccuracy },
    ...others.map((label) => ({
      label,
      read: (scores: ReportScores | undefined) => scores?.others.find((other) => other.label === label)?.value,
    })),
    { label: "images", read: (scores) => scores?.images, isCount: true },
  ];
}

function scoreCell(value: Score, isCount = false, inner?: Content): Markup {
  return numberCell(value, isCount ? count(value) : percent(value), inner);
}

/** A cell with a difference of two scores; one below -2 points is a loss that needs a look. */
function changeCell(difference: number | null): Markup {
  const level = difference === null ? undefined : difference < -0.02 ? "bad" : difference > 0.02 ? "good" : undefined;
  const text = points(difference);
  return numberCell(difference, text, level === undefined ? text : markup`<strong class="${level}">${text}</strong>`);
}

function oneRunTable(run: ShownRun): Markup {
  const [before, after, control] = (["before", "after", "control"] as const).map((name) => scoresOf(run, name));
  const last = after ?? run.data.scores.findLast(({ name }) => name.startsWith("round "));
  const lastName = after === undefined ? last?.name ?? "after" : before === undefined ? "score" : "after";
  const head = markup`<tr><td></td>${before && columnHead("before")}${last && columnHead(lastName)}<td></td>${
    before && last && columnHead("change")
  }${control && columnHead("control")}${control && last && columnHead("against control")}</tr>`;
  const rows = rowsOf([run]).map(({ label, read, isTotal, isCount }) => {
    const [start, end, beside] = [before, last, control].map((scores) => read(scores, run));
    return markup`<tr${isTotal ? markup` class="total"` : undefined}>${rowHead(label)}${
      before && scoreCell(start, isCount)
    }${last && scoreCell(end, isCount)}<td>${isCount ? undefined : bars(start, end, beside)}</td>${
      before && last && (isCount ? markup`<td></td>` : changeCell(change(start, end)))
    }${control && scoreCell(beside, isCount)}${
      control && last && (isCount ? markup`<td></td>` : changeCell(change(beside, end)))
    }</tr>`;
  });
  const legend = [
    before && bar("before", "before"),
    last && bar("after", lastName),
    control && bar("control", "control"),
  ];
  return table("Scores", head, rows, markup`IoU in percent, changes in points. ${legend}`);
}

function bar(kind: string, name: string): Markup {
  return markup`<span class="bars key" aria-hidden="true"><i class="${kind}" style="width:100%"></i></span> ${name} `;
}

/** Scores as bars, one under the other. */
function bars(before: Score, after: Score, control: Score): Markup {
  const values = [["before", before], ["after", after], ["control", control]] as const;
  return markup`<span class="bars" aria-hidden="true">${
    values.map(([kind, value]) =>
      typeof value === "number" && markup`<i class="${kind}" style="width:${(value * 100).toFixed(2)}%"></i>`
    )
  }</span>`;
}

function severalRunsTable(runs: readonly ShownRun[]): Markup {
  const columns = runs.map((run) => ({
    run,
    before: scoresOf(run, "before"),
    after: scoresOf(run, "after") ?? run.data.scores.findLast(({ name }) => name.startsWith("round ")),
    control: scoresOf(run, "control"),
  }));
  const head = markup`<tr><td rowspan="2"></td>${
    columns.map(({ run, before, control }) =>
      columnHead(
        markup`<span class="swatch" style="--color:${run.color}"></span> ${named(run.name)}`,
        1 + (before ? 2 : 0) + (control ? 1 : 0),
      )
    )
  }</tr><tr>${
    columns.map(({ before, after, control }) =>
      markup`${before && columnHead("before")}${columnHead(after?.name ?? "after")}${before && columnHead("change")}${
        control && columnHead("control")
      }`
    )
  }</tr>`;
  const rows = rowsOf(runs).map(({ label, read, isTotal, isCount }) => {
    const ends = columns.map(({ run, after }) => read(after, run));
    const best = Math.max(...ends.map((end) => typeof end === "number" ? end : -Infinity));
    return markup`<tr${isTotal ? markup` class="total"` : undefined}>${rowHead(label)}${
      columns.map(({ run, before, control }, index) => {
        const [start, end] = [read(before, run), ends[index]];
        const isBest = !isCount && end === best && ends.filter((other) => typeof other === "number").length > 1;
        return markup`${before && scoreCell(start, isCount)}${
          scoreCell(end, isCount, isBest ? markup`<strong>${percent(end)}</strong>` : undefined)
        }${before && (isCount ? markup`<td></td>` : changeCell(change(start, end)))}${
          control && scoreCell(read(control, run), isCount)
        }`;
      })
    }</tr>`;
  });
  return table("Scores of the runs", head, rows, "IoU in percent, changes in points. The best of a row is bold.");
}

/** Scores over rounds: the mean, then each class. `undefined` where no round was scored. */
export function roundSection(runs: readonly ShownRun[]): Markup | undefined {
  const scored = runs.filter(({ data }) => data.rounds.some(({ miou }) => miou !== null));
  if (scored.length === 0) return undefined;
  const means = scored.flatMap((run): Curve[] => {
    const control = scoresOf(run, "control")?.miou;
    const last = run.data.rounds.at(-1)?.round ?? 1;
    const name = scored.length === 1 ? "mean IoU" : run.name;
    return [
      { name, color: run.color, points: meanPoints(run) },
      ...typeof control === "number"
        ? [{
          name: `${name}, control`,
          color: run.color,
          points: [[0, control], [last, control]] as const,
          line: "dotted" as const,
        }]
        : [],
    ];
  });
  const hasControl = means.some(({ line }) => line === "dotted");
  const classes = allClasses(scored, ({ classes }) => classes);
  const withIou = scored.filter(({ data }) => data.scores.some(({ name }) => name.startsWith("round ")));
  const shares = { x: "round", y: "mean IoU in %", text: percent };
  return markup`<h2>Rounds</h2><p>Mean IoU after each round. Round 0 is the network before self-training.${
    hasControl && " The dotted line is the control run in the end."
  }</p>${runLegend(scored)}${curveChart("Mean IoU over rounds", inPercent(means), { ...shares, text: String })}${
    roundTable(scored)
  }${
    withIou.length > 0 && markup`<h3>IoU of each class over rounds, in percent</h3>${
      classCharts(
        "IoU over rounds",
        classes,
        (name) => inPercent(withIou.map((run) => ({ name, color: run.color, points: iouPoints(run, name) }))),
        { x: "round", y: "", domain: [0, 100] },
      )
    }${iouTable(withIou, classes)}`
  }`;
}

/** Curves of shares with percent in their place, which axes show. */
export function inPercent(curves: readonly Curve[]): Curve[] {
  return curves.map((curve) => ({
    ...curve,
    points: curve.points.map(([x, y]) => [x, y === null ? null : Number((y * 100).toFixed(1))] as const),
  }));
}

function meanPoints(run: ShownRun): (readonly [number, number | null])[] {
  const before = scoresOf(run, "before");
  return [
    ...before === undefined ? [] : [[0, before.miou] as const],
    ...run.data.rounds.map(({ round, miou }) => [round, miou] as const),
  ];
}

/** The scores of a run in order of rounds, the ones before as round 0. */
function scoresByRound(run: ShownRun): { round: number; scores: ReportScores }[] {
  return run.data.scores.flatMap((scores) => {
    if (scores.name === "before") return [{ round: 0, scores }];
    return scores.name.startsWith("round ") ? [{ round: Number(scores.name.slice("round ".length)), scores }] : [];
  });
}

function iouPoints(run: ShownRun, name: string): (readonly [number, number | null])[] {
  const id = run.data.classes.findIndex((one) => one.name === name);
  return scoresByRound(run).map(({ round, scores }) => [round, scores.iou[id] ?? null] as const);
}

function roundTable(runs: readonly ShownRun[]): Markup {
  const head = markup`<tr>${runs.length > 1 && columnHead("run")}${
    ["round", "portion in %", "mean IoU in %", "change in points"].map((name) => columnHead(name))
  }</tr>`;
  const rows = runs.flatMap((run) => {
    let before: Score = scoresOf(run, "before")?.miou;
    return run.data.rounds.map(({ round, portion, miou }) => {
      const row = markup`<tr>${runs.length > 1 && rowHead(named(run.name))}${[
        numberCell(round, String(round)),
        numberCell(portion, percent(portion)),
        numberCell(miou, percent(miou)),
      ]}${changeCell(change(before, miou))}</tr>`;
      before = miou ?? before;
      return row;
    });
  });
  return foldedTable("Mean IoU over rounds", head, rows);
}

function iouTable(runs: readonly ShownRun[], classes: readonly ReportClass[]): Markup {
  const head = markup`<tr><td></td>${
    runs.flatMap((run) =>
      scoresByRound(run).map(({ round }) =>
        columnHead(markup`${runs.length > 1 && markup`${named(run.name)}, `}round ${round}`)
      )
    )
  }</tr>`;
  const rows = classes.map((one) =>
    markup`<tr>${rowHead(classLabel(one))}${
      runs.flatMap((run) => iouPoints(run, one.name).map(([, iou]) => numberCell(iou, percent(iou))))
    }</tr>`
  );
  return foldedTable("IoU of each class over rounds", head, rows);
}
