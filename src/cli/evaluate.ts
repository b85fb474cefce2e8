/**
 * `crosswalk evaluate`: scores a network on a labelled split.
 *
 * @module
 */

import { labelledPart } from "../data/dataset.ts";
import { openLoader } from "../data/folder.ts";
import { listedPart, openList } from "../data/image_list.ts";
import { TerminalProgress } from "../report/progress.ts";
import { inspectItems, requireUsable } from "../run/inspection.ts";
import { warnOfPalettes } from "../run/label_check.ts";
import { openToScore, wantedLabelSet } from "../run/meeting.ts";
import { labelBatch, viewOptions } from "../settings/settings.ts";
import { scoreImages } from "../selftraining/evaluation.ts";
import { compare } from "../run/comparison.ts";
import { protocolOf, protocolText } from "../run/protocol.ts";
import { openEvaluation, writeEvaluation } from "../run/report/evaluation.ts";
import { expectationOf } from "../settings/recipe_files.ts";
import { comparisonText } from "./result_table.ts";
import { scoreLines } from "./score_lines.ts";
import { readArguments } from "./arguments.ts";
import { openClassMap, openGpu, openNetwork, openShapes } from "./open.ts";
import { shown, terminal } from "../report/terminal.ts";

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("evaluate", args);
  settings.require("weights");
  const data = settings.require("data");
  const out = settings.get("out");
  if (out !== undefined) openEvaluation(out);
  const started = new Date();
  const progress = new TerminalProgress();
  const maxPixels = settings.get("max-pixels");
  const classMap = openClassMap(settings);
  using gpu = await openGpu(settings.get("adapter"));
  const network = openNetwork(gpu, settings, { mergesClasses: true });
  const list = openList(settings.get("list"));
  const { dataset, merge } = openToScore(data, { classes: network.metadata.classes }, {
    ...{ classMap, wanted: wantedLabelSet(settings), layout: settings.get("layout"), list },
    say: progress.line.bind(progress),
  });
  const classes = merge?.toClasses ?? network.metadata.classes;
  const split = labelledPart(listedPart(dataset.split(settings.get("split")), dataset, list), dataset);
  for (const notice of split.notices) progress.line(notice);
  const inspected = await inspectItems(split.items, { name: "images", progress, maxPixels });
  requireUsable([inspected], { skipsBroken: settings.get("skip-broken"), progress });
  warnOfPalettes(dataset, inspected, progress);
  const { items } = inspected;
  using loader = openLoader({ cacheBytes: 0, maxPixels });
  const shapes = openShapes(settings, network, inspected);
  const views = viewOptions(settings);
  const absent = settings.get("absent");
  const pointRule = settings.get("post");
  const scores = await scoreImages(gpu, network, loader, items, {
    ...shapes,
    ...{ batch: labelBatch(settings, shapes), views, merge, absent, pointRule },
  });
  const protocol = protocolOf({
    ...{ split: split.name, labelSizes: inspected.labelSizes, shapes, views, absent, classes },
    ...(scores.points === undefined ? {} : { pointRule }),
  });
  const expect = expectationOf(settings);
  const expected = expect === null ? null : compare(expect, scores);
  const result = { ...scores, protocol, expected };
  const context = { gpu, network, loader, settings, shapes, merge };
  const report = out === undefined
    ? null
    : await writeEvaluation({ ...context, folder: out }, items, { result, palette: dataset.palette, started });
  if (settings.get("json")) {
    terminal.printJson(result);
    return 0;
  }
  for (const line of scoreLines(scores)) terminal.print(line);
  terminal.print(shown(protocolText(protocol)));
  if (expected !== null) terminal.print(comparisonText(expected));
  if (report !== null) terminal.print(`report: ${shown(report)}`);
  return 0;
}
