/**
 * Writes the report of a run, or of several side by side, as one HTML file.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { writeFileSafely } from "../../disk/files.ts";
import { readRunReport, type ReportOptions } from "./read_report.ts";

/** The name of a report's file. */
export const reportName = "report.html";

/** What a report of several runs takes. */
export interface WriteOptions extends ReportOptions {
  /** The file to write. Default: `report.html`, in the folder of a single run, or else here. */
  readonly out?: string | undefined;
}

/**
 * Writes the report and returns its path.
 *
 * @param folders of the runs.
 * @throws {Error} if there is no run in one of them, or a file is damaged.
 */
export async function writeReport(folders: readonly string[], { out, control }: WriteOptions = {}): Promise<string> {
  const [first] = folders;
  const path = out ?? (folders.length === 1 && first !== undefined ? join(first, reportName) : reportName);
  const titles = titlesOf(folders);
  const runs = folders.map((folder, index) => {
    const data = readRunReport(folder, { control });
    return { ...data, title: titles[index] ?? data.title };
  });
  // The charts' packages are loaded when they are needed.
  const { reportPage } = await import("../../report/page/page.ts");
  writeFileSafely(path, reportPage(runs));
  return path;
}

/** What runs are called side by side: the last parts of their paths, as many as tell them apart. */
function titlesOf(folders: readonly string[]): string[] {
  const parts = folders.map((folder) => resolve(folder).split(/[/\\]/).filter((part) => part !== ""));
  const most = Math.max(1, ...parts.map(({ length }) => length));
  for (let count = 1;; count++) {
    const titles = parts.map((own) => own.slice(-count).join("/"));
    if (new Set(titles).size === titles.length || count >= most) return titles;
  }
}
