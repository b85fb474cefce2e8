/**
 * `crosswalk bench step --network NAME`: from options to the workload, and the text of its report.
 *
 * @module
 */

import type { NetworkReport } from "../../bench/network_step.ts";
import type { NetworkTimes, PytorchRow } from "../../bench/network_report.ts";
import type { NetworkWorkload } from "../../bench/network_run.ts";
import { formatSize, type Size } from "../data/size.ts";
import { UsageError } from "../errors.ts";
import { findModel } from "../nn/models/mod.ts";
import { bytesText } from "../report/units.ts";
import { modelVariant } from "../settings/model_variant.ts";
import type { Settings } from "../settings/settings.ts";
import { factorText } from "./bench_tables.ts";
import { aligned } from "./result_table.ts";

/**
 * The workload that the options name; `undefined` without `--network`.
 *
 * @throws {UsageError} if there is no size, or the network does not take it.
 */
export function networkWorkload(settings: Settings): NetworkWorkload | undefined {
  const name = settings.get("network");
  if (name === undefined) return undefined;
  const model = findModel(name, modelVariant(settings));
  const fits = (key: "size" | "label-size", size: Size) => {
    const { sizeMultiple } = model;
    if ([size.height, size.width].every((side) => side % sizeMultiple === 0)) return size;
    throw new UsageError(`--${key} is ${formatSize(size)}, ${name} takes sides that are multiples of ${sizeMultiple}`);
  };
  const labelSize = settings.get("label-size");
  return {
    model,
    classes: settings.get("classes"),
    batch: settings.get("batch"),
    size: fits("size", settings.require("size")),
    labelSize: labelSize === undefined ? undefined : fits("label-size", labelSize),
    recompute: settings.isOn("recompute"),
    halfActivations: settings.isOn("half-activations"),
  };
}

/** The report as text. */
export function networkText(report: NetworkReport): string {
  const { network, variant, classes, trained, batch, size, label, ours, pytorch, ratio } = report;
  const ways = [...report.recompute ? ["recomputed"] : [], ...report.halfActivations ? ["activations in 16 bits"] : []];
  const heading = [
    `${network}${Object.entries(variant).map(([key, value]) => `, ${key} ${value}`).join("")}, ${classes} classes`,
    `${trained} trained numbers; a step takes ${batch} of ${size}`,
    ...ways,
    `${bytesText(ours.stepBytes)} in all: medians`,
  ].join(", ");
  const row = (name: string, times: Partial<NetworkTimes>, note: string) => [
    ...[name, ...speed(times.stepMs, times.stepsPerSecond, "steps")],
    ...(label === undefined ? [] : speed(times.labelMs, times.labelledPerSecond, "images")),
    note,
  ];
  const table = aligned([
    ["", "step", "", ...(label === undefined ? [] : [`label ${label.size}`, ""]), "results"],
    row("ours", ours, pytorch === undefined ? "not compared" : ""),
    ...(pytorch === undefined ? [] : [
      row(`PyTorch (${pytorch.device ?? "?"})`, pytorch, pytorch.error ?? verdict(pytorch)),
    ]),
  ]);
  const factors = ratio === undefined ? [] : [
    `PyTorch's time over ours: step ${factorText(ratio.step)}` +
    (label === undefined ? "" : `, label ${factorText(ratio.label)}`),
  ];
  return [heading, table, ...factors].join("\n");
}

function speed(milliseconds: number | undefined, perSecond: number | undefined, what: string): string[] {
  if (milliseconds === undefined || perSecond === undefined) return ["–", ""];
  return [`${milliseconds.toFixed(1)} ms`, `${perSecond.toPrecision(3)} ${what}/s`];
}

/** Which results agree with ours, and how far they lie apart. */
function verdict({ correct, errors }: PytorchRow): string {
  return (["loss", "gradients", "labels"] as const).filter((kind) => correct[kind] !== undefined)
    .map((kind) => `${kind} ${correct[kind] ? "agrees" : "DIFFERS"} (${errors[kind]?.toExponential(1) ?? "none"})`)
    .join(", ").replace(/(gradients|labels) agrees/g, "$1 agree").replace(/(gradients|labels) DIFFERS/g, "$1 DIFFER");
}
