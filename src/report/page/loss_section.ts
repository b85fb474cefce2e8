/**
 * The loss over all training stages of a run.
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import { chart } from "../chart.ts";
import { type Markup, markup, trusted } from "../markup.ts";
import type { ReportLoss } from "./data.ts";
import {
  columnHead,
  count,
  foldedTable,
  named,
  numberCell,
  precise,
  rowHead,
  runLegend,
  type ShownRun,
} from "./shown_runs.ts";

/** How many points of a stage a smoothed curve averages over at most. */
const smoothing = 15;

interface LossPoint {
  readonly x: number;
  readonly loss: number;
  readonly stage: string;
}

/** The losses as curves, one stage after the other. `undefined` where nothing was trained. */
export function lossSection(runs: readonly ShownRun[]): Markup | undefined {
  const trained = runs.filter(({ data }) => data.loss.some(({ steps }) => steps.length > 0));
  if (trained.length === 0) return undefined;
  return markup`<h2>Loss</h2>${
    runLegend(trained)
  }<p>The stages of training follow one another. The strong line is the mean of neighbouring steps.</p>
<figure class="chart wide">${trusted(lossChart(trained))}</figure>${lossTable(trained)}`;
}

function lossChart(runs: readonly ShownRun[]): string {
  const starts = stageStarts(runs);
  const marks = runs.flatMap(({ data, color }) => {
    const points = data.loss.flatMap(({ stage, steps }) =>
      steps.map(([step, loss]): LossPoint => ({ x: (starts.get(stage) ?? 0) + step, loss, stage }))
    );
    const few = Math.max(
      1,
      Math.min(smoothing, Math.floor(Math.min(...data.loss.map(({ steps }) => steps.length)) / 4)),
    );
    const line = { x: "x", y: "loss", z: "stage", stroke: color } as const;
    return [
      ...runs.length === 1 ? [Plot.lineY(points, { ...line, strokeWidth: 1, strokeOpacity: 0.35 })] : [],
      Plot.lineY(points, Plot.windowY({ k: few, strict: false }, { ...line, strokeWidth: 1.75 })),
    ];
  });
  const bounds = [...starts].map(([stage, x]) => ({ stage, x }));
  const least = Math.min(
    0,
    ...runs.flatMap(({ data }) => data.loss.flatMap(({ steps }) => steps.map(([, loss]) => loss))),
  );
  return chart(`Loss over steps: ${runs.map(({ name }) => name).join(", ")}`, {
    ...{ width: 900, height: 320, marginLeft: 48, marginRight: 12, marginTop: 34, marginBottom: 38 },
    style: { fontSize: "13px" },
    x: { label: "training step", labelArrow: "none", tickFormat: String, tickSize: 3 },
    y: { label: "loss", labelArrow: "none", labelOffset: 44, grid: true, tickSize: 0, nice: true, zero: least === 0 },
    marks: [
      Plot.ruleX(bounds, { x: "x", stroke: "var(--faint)" }),
      ...marks,
      // Names of many stages would run into one another; the lines between them stay.
      ...bounds.length <= 6
        ? [
          Plot.text(bounds, {
            x: "x",
            text: "stage",
            frameAnchor: "top",
            textAnchor: "start",
            dx: 4,
            dy: -14,
            fill: "var(--soft)",
          }),
        ]
        : [],
    ],
  });
}

/** The step at which each stage begins when the stages of all runs follow one another. */
function stageStarts(runs: readonly ShownRun[]): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const { data } of runs) {
    for (const { stage, steps } of data.loss) {
      lengths.set(stage, Math.max(lengths.get(stage) ?? 0, (steps.at(-1)?.[0] ?? -1) + 1));
    }
  }
  let start = 0;
  return new Map([...lengths].map(([stage, length]) => {
    start += length;
    return [stage, start - length];
  }));
}

function lossTable(runs: readonly ShownRun[]): Markup {
  const head = markup`<tr>${runs.length > 1 && columnHead("run")}${
    ["stage", "last step", "first loss", "lowest loss", "last loss", "mean of the last tenth"].map((name) =>
      columnHead(name)
    )
  }</tr>`;
  const rows = runs.flatMap((run) =>
    run.data.loss.filter(({ steps }) => steps.length > 0).map((loss) => lossRow(runs, run, loss))
  );
  return foldedTable("Loss", head, rows);
}

function lossRow(runs: readonly ShownRun[], run: ShownRun, { stage, steps }: ReportLoss): Markup {
  const losses = steps.map(([, loss]) => loss);
  const tail = losses.slice(-Math.ceil(losses.length / 10));
  const last = steps.at(-1)?.[0];
  return markup`<tr>${runs.length > 1 && rowHead(named(run.name))}${
    runs.length > 1 ? markup`<td>${stage}</td>` : rowHead(stage)
  }${numberCell(last, count(last))}${
    [
      losses[0],
      losses.reduce((least, loss) => Math.min(least, loss), Infinity),
      losses.at(-1),
      tail.reduce((all, loss) => all + loss, 0) / tail.length,
    ]
      .map((value) => numberCell(value, precise(value)))
  }</tr>`;
}
