/**
 * What `bench growth` shows: small line plots as SVG, and the rows of its tables.
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import { chart } from "../src/report/chart.ts";
import { element, seriesClasses, svgDocument, text } from "../src/report/svg.ts";
import { type GrowthPoint, type GrowthReport, type GrowthVariable, labellingSize } from "./growth.ts";

interface Series {
  readonly name: string;
  readonly color: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

interface Panel {
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
}

const panelWidth = 250;
const panelHeight = 200;
const firstTop = 66;

/** What each sweep changes, in words for an axis, and its value. */
const variables: Readonly<Record<GrowthVariable, { label: string; value: (point: GrowthPoint) => number }>> = {
  pixels: { label: "megapixels of an image", value: ({ height, width }) => height * width / 1e6 },
  batch: { label: "images of a batch", value: ({ batch }) => batch },
  classes: { label: "classes", value: ({ classes }) => classes },
};

/** The report as small plots: a column per variable, time above memory, all axes linear from 0. */
export function growthSvg({ sweeps, labelling }: GrowthReport, adapter: string): string {
  const columns: readonly [Panel, Panel][] = [
    ...sweeps.map(({ variable, points }): [Panel, Panel] => {
      const { label, value } = variables[variable];
      const panel = (
        y: string,
        step: (point: GrowthPoint) => number,
        forward: (point: GrowthPoint) => number,
      ): Panel => ({
        x: label,
        y,
        series: [
          { name: "training step", color: seriesClasses[1], points: points.map((p) => [value(p), step(p)]) },
          { name: "inference", color: seriesClasses[0], points: points.map((p) => [value(p), forward(p)]) },
        ],
      });
      return [
        panel("ms", ({ stepMs }) => stepMs, ({ forwardMs }) => forwardMs),
        panel("MB", ({ stepBytes }) => stepBytes / 1e6, ({ forwardBytes }) => forwardBytes / 1e6),
      ];
    }),
    labellingColumn(labelling),
  ];
  const key = columns.flatMap((panels) => panels[0].series).filter(({ name }, index, all) =>
    all.findIndex((other) => other.name === name) === index
  );
  return svgDocument(
    columns.length * panelWidth,
    firstTop + 2 * panelHeight + 8,
    `Growth of time and memory on ${adapter}`,
    text(16, 22, `Growth of time and memory on ${adapter}`, { class: "ink", style: "font-size:15px" }),
    ...key.map(({ name, color }, index) =>
      element("circle", { cx: 20 + index * 190, cy: 44, r: 4, class: color, fill: "currentColor" }) +
      text(29 + index * 190, 48, name, { class: "ink" })
    ),
    ...columns.flatMap((panels, column) => panels.map((panel, row) => drawPanel(panel, column, row))),
  );
}

function labellingColumn(labelling: GrowthReport["labelling"]): [Panel, Panel] {
  const panel = (y: string, kept: (point: typeof labelling[number]) => number, anew: typeof kept): Panel => ({
    x: "images that are labelled",
    y,
    series: [
      {
        name: "labels, logits computed anew",
        color: seriesClasses[3],
        points: labelling.map((p) => [p.images, anew(p)]),
      },
      { name: "labels, logits kept", color: seriesClasses[2], points: labelling.map((p) => [p.images, kept(p)]) },
    ],
  });
  return [
    panel("ms", ({ keptMs }) => keptMs, ({ anewMs }) => anewMs),
    panel("MB", ({ keptBytes }) => keptBytes / 1e6, ({ anewBytes }) => anewBytes / 1e6),
  ];
}

/** One panel: time or memory against what grows, both axes from 0. */
function drawPanel({ x: xLabel, y: yLabel, series }: Panel, column: number, row: number): string {
  const marks = series.flatMap(({ name, color, points }) => {
    const shared = { x: "0", y: "1", className: color } as const;
    const title = ([x, y]: readonly [number, number]) => `${name}: ${y.toFixed(1)} ${yLabel} at ${x} ${xLabel}`;
    return [
      Plot.lineY(points, { ...shared, stroke: "currentColor" }),
      Plot.dot(points, { ...shared, r: 3, fill: "currentColor", title }),
    ];
  });
  return chart(`${yLabel} against ${xLabel}`, {
    ...{ className: "ink", width: panelWidth, height: panelHeight, marks },
    ...{ marginLeft: 48, marginRight: 22, marginTop: 30, marginBottom: 40 },
    x: {
      label: xLabel,
      labelAnchor: "center",
      labelArrow: "none",
      zero: true,
      nice: true,
      ticks: 4,
      tickFormat: String,
    },
    y: { label: yLabel, labelArrow: "none", zero: true, nice: true, ticks: 4, tickFormat: String, grid: true },
  }, { x: column * panelWidth, y: firstTop + row * panelHeight });
}

/** The tables: one of the sweeps, one of label generation, each with its header first. */
export function growthTables({ sweeps, labelling }: GrowthReport): string[][][] {
  const bytes = (count: number) => `${(count / 1e6).toFixed(1)} MB`;
  const time = (ms: number) => `${ms.toFixed(0)} ms`;
  return [
    [
      ["grows with", "batch, size, classes", "step", "inference", "step memory", "inference memory"],
      ...sweeps.flatMap(({ variable, points }) =>
        points.map(({ batch, height, width, classes, stepMs, forwardMs, stepBytes, forwardBytes }) => [
          variable,
          `${batch}, ${height}×${width}, ${classes}`,
          ...[time(stepMs), time(forwardMs), bytes(stepBytes), bytes(forwardBytes)],
        ])
      ),
    ],
    [
      [
        `labels of ${labellingSize.height}×${labellingSize.width}`,
        ...["logits kept", "computed anew", "memory, kept", "memory, anew"],
      ],
      ...labelling.map(({ images, keptMs, anewMs, keptBytes, anewBytes }) => [
        `${images} images`,
        ...[time(keptMs), time(anewMs), bytes(keptBytes), bytes(anewBytes)],
      ]),
    ],
  ];
}
