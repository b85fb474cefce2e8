/**
 * `crosswalk inspect`: says what data sets are, and what in them cannot be used.
 *
 * @module
 */

import { encodeRgbPng } from "../data/encode.ts";
import { writeFileSafely } from "../disk/files.ts";
import { UsageError } from "../errors.ts";
import { TerminalProgress } from "../report/progress.ts";
import { shown, terminal } from "../report/terminal.ts";
import { type DatasetReport, type ReportedDataset, reportOn } from "../run/dataset_report.ts";
import { datasetSheet } from "../run/dataset_sheet.ts";
import { messageOf } from "./advice.ts";
import { readArguments } from "./arguments.ts";

/** Runs the command; returns the exit code: 1 where a folder cannot be read, though the others are looked at. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("inspect", args);
  const folders = settings.get("dir");
  if (folders === undefined) throw new UsageError("Give the folder of a data set, or several");
  const [layout, maxPixels, sheet] = [settings.get("layout"), settings.get("max-pixels"), settings.get("sheet")];
  const progress = new TerminalProgress();
  const found: ReportedDataset[] = [];
  for (const folder of folders) {
    try {
      const reported = await reportOn(folder, { layout, maxPixels, progress });
      for (const notice of reported.notices) terminal.say(notice);
      found.push(reported);
    } catch (error) {
      terminal.say(`crosswalk: ${messageOf(error)}`);
    }
  }
  if (sheet !== undefined && found.length > 0) {
    const { pixels, height, width } = await datasetSheet(found, { maxPixels });
    writeFileSafely(sheet, encodeRgbPng(pixels, height, width));
    if (!settings.get("json")) terminal.say(`Drew ${sheet}`);
  }
  const reports = found.map(({ report }) => report);
  const [only] = reports;
  if (settings.get("json")) {
    if (folders.length > 1) terminal.printJson(reports);
    else if (only !== undefined) terminal.printJson(only);
  } else {
    for (const { dataset, report } of found) printReport(dataset.path, report);
  }
  return found.length === folders.length ? 0 : 1;
}

/** The most problems that are listed. */
const listed = 20;

function printReport(path: string, report: DatasetReport): void {
  const { layout, splits, classes, histogram, ignored, problems, points } = report;
  const kinds = classes.length === 0 ? "no classes" : `${classes.length} classes`;
  terminal.print(`${shown(path)}: layout ${layout}, ${kinds}`);
  const names = Object.entries(splits).map(([name, split]) => ({ name: shown(name), ...split }));
  const nameWidth = Math.max(5, ...names.map(({ name }) => name.length));
  terminal.print(`  ${"split".padEnd(nameWidth)}  ${"images".padStart(7)}  ${"labelled".padStart(8)}  sizes`);
  for (const { name, images, labelled, sizes } of names) {
    const cells = [name.padEnd(nameWidth), String(images).padStart(7), String(labelled).padStart(8)];
    terminal.print(`  ${[...cells, sizesText(sizes)].join("  ")}`);
  }
  printPoints(splits);
  const total = Object.values(histogram).reduce((sum, count) => sum + count, ignored);
  const classWidth = Math.max(7, ...classes.map((name) => shown(name).length));
  const row = (name: string, count: number) => {
    const share = total === 0 ? "–" : `${(100 * count / total).toFixed(2)} %`;
    terminal.print(`  ${shown(name).padEnd(classWidth)}  ${String(count).padStart(13)}  ${share.padStart(8)}`);
  };
  if (classes.length > 0 && total > 0) {
    const unit = points === undefined ? "pixels" : "points";
    terminal.print(`  ${"class".padEnd(classWidth)}  ${unit.padStart(13)}  ${"share".padStart(8)}`);
    for (const [name, count] of Object.entries(histogram)) row(name, count);
    row("ignored", ignored);
  }
  if (problems.length === 0) terminal.print("  no problems");
  else terminal.print(`  ${problems.length} problem${problems.length === 1 ? "" : "s"}:`);
  for (const { problem } of problems.slice(0, listed)) terminal.print(`    ${shown(problem)}`);
  if (problems.length > listed) terminal.print(`    and ${problems.length - listed} more, which --json lists`);
}

/** What is known of the points of scans. */
function printPoints(splits: DatasetReport["splits"]): void {
  for (const [name, split] of Object.entries(splits)) {
    if (!("points" in split) || split.points === 0) continue;
    const { points, labelledPoints, droppedPoints, pointsOfScan: { fewest, most } } = split;
    const share = (count: number) => `${(100 * count / points).toFixed(1)} %`;
    terminal.print(
      `  ${shown(name)}: ${points} points, ${fewest} to ${most} a scan; ${labelledPoints} (${
        share(labelledPoints)
      }) with a class; ${droppedPoints} (${share(droppedPoints)}) at the sensor or not finite, which no pixel sees`,
    );
  }
}

/** Sizes with the number of images of each, the most frequent first. */
function sizesText(sizes: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(sizes).sort(([, a], [, b]) => b - a);
  const some = sorted.slice(0, 4).map(([size, count]) => `${size} (${count})`);
  return [...some, ...(sorted.length > 4 ? [`${sorted.length - 4} other sizes`] : [])].join(", ");
}
