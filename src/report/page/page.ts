/**
 * A report as one HTML file that needs nothing else: of one run, or of several side by side.
 *
 * @module
 */

import { type Content, type Markup, markup, trusted } from "../markup.ts";
import type { ReportData } from "./data.ts";
import reportStyle from "./report.css" with { type: "text" };
import { reportSections, type SectionId, sectionIds, sectionTitles } from "./sections.ts";
import { change, named, percent, points, scoresOf, type ShownRun, shownRuns } from "./shown_runs.ts";
import strips from "./strips.js" with { type: "text" };
import style from "./style.css" with { type: "text" };

/** What may differ between a report that is a file and one that is served. */
export interface PageOptions {
  /**
   * Whether the run may still go on. Then sections without content stay in the page, hidden, an empty
   * `<div id="live">` stands under the title, and the page may load images and events from where it came from.
   */
  readonly live?: boolean;
  /** Scripts that the page runs after its own, as plain JavaScript. */
  readonly scripts?: readonly string[];
}

/** What a report that is a file may load and run: nothing that does not stand in it. */
const filePolicy = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/** What the live page may load besides: images and events of its own server. */
const livePolicy = "default-src 'none'; img-src 'self' data: blob:; connect-src 'self'; style-src 'unsafe-inline'; " +
  "script-src 'unsafe-inline'";

/**
 * The page as HTML.
 *
 * @param runs one run, or several that are compared.
 * @throws {RangeError} where there is no run.
 */
export function reportPage(runs: readonly ReportData[], options: PageOptions = {}): string {
  if (runs.length === 0) throw new RangeError("A report needs a run");
  const isLive = options.live === true;
  const shown = shownRuns(runs);
  const sections = reportSections(runs);
  const filled = sectionIds.filter((id) => !sections[id].endsWith(" hidden></section>"));
  const title = shown.map(({ name }) => name).join(", ");
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${isLive ? livePolicy : filePolicy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – Crosswalk</title>
<style>
${trusted(style)}${trusted(reportStyle)}</style>
</head>
<body>
<a class="unseen" href="#main">To the report</a>
${header(shown)}
${isLive && markup`<div id="live"></div>`}
${navigation(filled)}
<main id="main">
${(isLive ? sectionIds : filled).map((id) => markup`${trusted(sections[id])}\n`)}</main>
${[strips, ...options.scripts ?? []].map((script) => trusted(`<script>\n${inlined(script)}</script>\n`))}</body>
</html>
`.text;
}

/** A script as it may stand in a page. */
function inlined(script: string): string {
  return script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
}

function navigation(ids: readonly SectionId[]): Markup {
  return markup`<nav aria-label="Sections"><ul>${
    ids.map((id) => markup`<li><a href="#${id}">${sectionTitles[id]}</a></li>`)
  }</ul></nav>`;
}

const kinds = { adapt: "Self-training", train: "Training", evaluate: "Evaluation" } as const;

function header(runs: readonly ShownRun[]): Markup {
  const [first] = runs;
  if (runs.length === 1 && first !== undefined) {
    return markup`<header><h1>${kinds[first.data.kind]}: ${named(first.name)}</h1>${summary(first)}</header>`;
  }
  return markup`<header><h1>${runs.length} runs side by side</h1><ul class="runs">${
    runs.map((run) =>
      markup`<li><span class="swatch" style="--color:${run.color}"></span> <strong>${named(run.name)}</strong>${
        summary(run)
      }</li>`
    )
  }</ul></header>`;
}

/** Where the run is, and what it reached, in one line. */
function summary(run: ShownRun): Markup {
  const { state } = run.data;
  const [before, after] = [scoresOf(run, "before")?.miou, scoresOf(run, "after")?.miou];
  const difference = change(before, after);
  const parts: Content[] = [];
  if (state.name !== "finished") {
    parts.push(markup`<span class="badge">${state.name}${state.stage !== null && ` in “${state.stage}”`}</span> `);
  }
  if (typeof after === "number") {
    parts.push(
      markup`Mean IoU ${typeof before === "number" && markup`${percent(before)} → `}<strong>${
        percent(after)
      } %</strong>`,
    );
    if (difference !== null) parts.push(markup` (${points(difference)} points)`);
  }
  return parts.length === 0 ? markup`` : markup`<p class="summary">${parts}</p>`;
}
